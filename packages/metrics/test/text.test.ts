import { readFile } from "node:fs/promises";
import { PubSubError, type PubSubEvent } from "@anytopic/core";
import { metrics } from "@anytopic/metrics";
import { describe, expect, test } from "vitest";
import { ofMail, parsed } from "./parsed.ts";
import { promtool, runPromtool } from "./promtool.ts";
import { relay, story } from "./story.ts";

const fixture = async (): Promise<string> => await readFile(new URL("fixtures/story.prom", import.meta.url), "utf8");

const ofSubscription = { topic: "orders", subscription: "mail", id: "1", attempt: 1, atMs: 10_000 };
const retry = (error: unknown): PubSubEvent => ({ ...ofSubscription, type: "retry", delayMs: 1, error, durationMs: 1 });

describe("the text", () => {
  test("of a story, as a whole", async () => {
    const { metrics: measured, pubsub } = await story();
    expect(await measured.text(pubsub, { outbox: "shop", relay: relay() })).toBe(await fixture());
  });

  test.skipIf(promtool === undefined)("is valid, and its names are what Prometheus recommends", async () => {
    expect(await runPromtool(["check", "metrics"], await fixture())).toEqual({ code: 0, output: "" });
    expect(await runPromtool(["check", "metrics"], 'anytopic_wrong{topic="a} 1\n')).toMatchObject({ code: 1 });
  });

  test("has the names and types of the README", async () => {
    const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
    const rows = [...readme.matchAll(/^\| `[a-z.]+` +\| `([a-z_]+)` +\| (\w+) /gm)].map(([, name, type]) => [
      name,
      type,
    ]);
    const written = [...(await fixture()).matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => [name, type]);
    expect(rows).toEqual(written);
    expect(rows).toHaveLength(30);
  });

  test("is empty before anything happened, and without a PubSub has only what was counted", async () => {
    const { observer, text } = metrics();
    expect(await text()).toBe("");
    observer({ ...ofSubscription, type: "deliver", publishTimeMs: 9000 });
    expect([...parsed(await text()).keys()].some((name) => name.startsWith("anytopic_connection_up"))).toBe(false);
  });

  test("escapes what a name could hold, so that no name can write samples", async () => {
    const { observer, text } = metrics();
    const hostile = 'a"} 1\nanytopic_publishing 7\\';
    observer({ ...ofSubscription, topic: hostile, subscription: "é", type: "release" });
    observer(retry(Object.assign(new Error("x"), { name: hostile })));
    const samples = parsed(await text());
    expect([...samples.keys()].filter((name) => name.startsWith("anytopic_publishing"))).toEqual([]);
    expect(
      samples.get(
        String.raw`anytopic_retries_total{messaging_destination_name="a\"} 1\nanytopic_publishing 7\\",messaging_destination_subscription_name="é"}`,
      ),
    ).toBe(0);
    expect(
      samples.get(
        ofMail("messaging_process_duration_seconds_count", String.raw`error_type="a\"} 1\nanytopic_publishing 7\\"`),
      ),
    ).toBe(1);
  });

  test("has the kind of an error and never its text", async () => {
    const { observer, text } = metrics();
    const secret = "secret-payload";
    for (const error of [
      new PubSubError("TIMEOUT", secret),
      new RangeError(secret),
      secret,
      null,
      { message: secret },
    ]) {
      observer(retry(error));
    }
    const all = await text();
    const types = [...all.matchAll(/process_duration_seconds_count\{.*error_type="(.*)"\}/g)].map(([, type]) => type);
    expect(types).toEqual(["TIMEOUT", "RangeError", "string", "object"]);
    expect(all).not.toContain(secret);
  });

  test("counts errors of more than ten types together, and cuts long names", async () => {
    const { observer, text } = metrics();
    for (let number = 0; number < 30; number += 1) {
      observer(retry(Object.assign(new Error("x"), { name: `${number}${"n".repeat(1000)}` })));
    }
    const samples = parsed(await text());
    const failed = [...samples].filter(
      ([name]) => name.includes("process_duration_seconds_count") && name.includes("error_type"),
    );
    expect(failed).toHaveLength(11);
    expect(samples.get(ofMail("messaging_process_duration_seconds_count", 'error_type="_OTHER"'))).toBe(20);
    expect(Math.max(...failed.map(([name]) => name.length))).toBeLessThan(250);
  });
});

describe("counting", () => {
  test("the wait is that of first attempts, never below 0, and unknown without a publish time", async () => {
    const { observer, text } = metrics();
    const deliver = (publishTimeMs: number, attempt = 1): void =>
      observer({ ...ofSubscription, attempt, type: "deliver", publishTimeMs });
    deliver(4000);
    deliver(20_000);
    deliver(0);
    deliver(1000, 2);
    const samples = parsed(await text());
    expect(samples.get(ofMail("anytopic_delivery_latency_seconds_count"))).toBe(2);
    expect(samples.get(ofMail("anytopic_delivery_latency_seconds_sum"))).toBe(6);
    expect(samples.get(ofMail("messaging_client_consumed_messages_total"))).toBe(4);
    expect(samples.get(ofMail("anytopic_redeliveries_total"))).toBe(1);
  });

  test("failed publishes are sent messages with the code", async () => {
    const { observer, text } = metrics();
    const base = { topic: "orders", id: "1", atMs: 0 };
    observer({ ...base, type: "publish", bytes: 1 });
    const samples = async (error: string): Promise<number | undefined> =>
      parsed(await text()).get(`messaging_client_sent_messages_total{messaging_destination_name="orders"${error}}`);
    expect(await samples("")).toBe(0);
    observer({ ...base, type: "published", durationMs: 1 });
    observer({ ...base, type: "publish-failed", error: new PubSubError("TIMEOUT", "x"), durationMs: 3000 });
    expect(await samples("")).toBe(1);
    expect(await samples(',error_type="TIMEOUT"')).toBe(1);
  });

  test("a duration at the end of a bucket belongs to it", async () => {
    const { observer, text } = metrics({ buckets: { publishSeconds: [0.1, 1] } });
    observer({ topic: "orders", id: "1", atMs: 0, type: "published", durationMs: 100 });
    const samples = parsed(await text());
    const labels = 'messaging_destination_name="orders",messaging_operation_name="publish"';
    expect(samples.get(`messaging_client_operation_duration_seconds_bucket{${labels},le="0.1"}`)).toBe(1);
  });

  test("lost leases and letters that could not be stored", async () => {
    const { observer, text } = metrics();
    const error = new PubSubError("UNAVAILABLE", "x");
    observer({ ...ofSubscription, type: "lease-lost", error });
    observer({ ...ofSubscription, type: "dead-letter-failed", error });
    observer({ ...ofSubscription, type: "dead-letter", reason: "invalid", error, durationMs: undefined });
    const samples = parsed(await text());
    expect(samples.get(ofMail("anytopic_lease_lost_total"))).toBe(1);
    expect(samples.get(ofMail("anytopic_dead_letter_failed_total"))).toBe(1);
    expect(samples.get(ofMail("anytopic_dead_letters_total", 'reason="invalid"'))).toBe(1);
    // Only the letter was stored again: no attempt has ended.
    expect(samples.get(ofMail("messaging_process_duration_seconds_count", 'error_type="UNAVAILABLE"'))).toBeUndefined();
  });

  test("a connection is reconnected when it works after it did not", async () => {
    const { observer, text } = metrics();
    const states = ["degraded", "up", "reconnecting", "down", "reconnecting", "degraded", "up", "down", "up"] as const;
    for (const state of states)
      observer({ type: "connection", connection: "default", state, error: undefined, atMs: 0 });
    expect(parsed(await text()).get('anytopic_connection_reconnects_total{connection="default"}')).toBe(2);
  });

  test.each([
    [{}, "metrics: give a PubSub, or { relay, outbox } for the relay of an outbox"],
    [null, "metrics: give a PubSub"],
    [relay(), "metrics: give a PubSub"],
    [{ relay: {} }, "metrics: relay must be what outbox.relay() returns"],
    [{ relay: relay(), outbox: "" }, "metrics: outbox must be a name of 1 to 100 characters"],
  ])("refuses to show %j", async (source, message) => {
    const { text, handler, listener } = metrics();
    expect(() => handler(source as never)).toThrow(message);
    expect(() => listener(source as never)).toThrow(TypeError);
    await expect(text(source as never)).rejects.toThrow(message);
  });

  test.each([
    [{ bucket: {} }, 'metrics: unknown option "bucket"; known are buckets, subscriptions, clock'],
    [
      { buckets: { processMs: [1] } },
      'metrics: buckets: unknown option "processMs"; known are publishSeconds, processSeconds, latencySeconds',
    ],
    [
      { buckets: { processSeconds: [] } },
      "metrics: buckets.processSeconds must be 1 to 50 finite numbers of seconds above 0, ascending",
    ],
    [{ buckets: { processSeconds: [1, 1] } }, "ascending"],
    [{ buckets: { latencySeconds: [0, 1] } }, "buckets.latencySeconds"],
    [{ buckets: { latencySeconds: [1, Number.POSITIVE_INFINITY] } }, "finite"],
    [{ buckets: { publishSeconds: ["1"] } }, "numbers of seconds"],
    [{ subscriptions: ["mail"] }, "metrics: subscriptions must be an array of what defineSubscription returns"],
    ["no object", "metrics: must be an object with buckets, subscriptions, clock"],
  ])("refuses %j", (options, message) => {
    expect(() => metrics(options as never)).toThrow(message);
    expect(() => metrics(options as never)).toThrow(TypeError);
  });
});
