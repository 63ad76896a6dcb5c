import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect, defineSubscription, PubSubError, type SubscriptionStatistics } from "@anytopic/core";
import { metrics } from "@anytopic/metrics";
import { describe, expect, test, vi } from "vitest";
import { ofMail, parsed } from "./parsed.ts";
import { Mail, Orders, story } from "./story.ts";

const backlog: SubscriptionStatistics = {
  waiting: 7,
  inFlight: 1,
  delayed: undefined,
  oldestAgeMs: 2500,
  deadLetters: 0,
};
const WAITING = ofMail("anytopic_backlog_messages", 'state="waiting"');

describe("the backlog", () => {
  test("what the broker does not tell is no sample", async () => {
    const { metrics: measured, pubsub } = await story();
    vi.spyOn(pubsub, "stats").mockResolvedValue(backlog);
    const samples = parsed(await measured.text(pubsub));
    expect(samples.get(WAITING)).toBe(7);
    expect(samples.get(ofMail("anytopic_backlog_messages", 'state="inflight"'))).toBe(1);
    expect(samples.has(ofMail("anytopic_backlog_messages", 'state="delayed"'))).toBe(false);
    expect(samples.get(ofMail("anytopic_backlog_oldest_age_seconds"))).toBe(2.5);
    expect(samples.get(ofMail("anytopic_dead_letters_waiting"))).toBe(0);
  });

  test("is asked for only when somebody scrapes, at most every 15 s, and once for scrapes at the same time", async () => {
    const { metrics: measured, pubsub, clock } = await story();
    const stats = vi.spyOn(pubsub, "stats").mockResolvedValue(backlog);
    await clock.advance(60_000);
    expect(stats).toHaveBeenCalledTimes(0);
    const texts = await Promise.all(Array.from({ length: 20 }, () => measured.text(pubsub)));
    expect(new Set(texts).size).toBe(1);
    expect(stats).toHaveBeenCalledTimes(1);
    await clock.advance(14_999);
    await measured.text(pubsub);
    expect(stats).toHaveBeenCalledTimes(1);
    await clock.advance(1);
    await measured.text(pubsub);
    expect(stats).toHaveBeenCalledTimes(2);
  });

  test("is unknown after a failed request, which is counted", async () => {
    const { metrics: measured, pubsub, clock } = await story();
    const stats = vi.spyOn(pubsub, "stats").mockResolvedValue(backlog);
    await measured.text(pubsub);
    stats.mockRejectedValue(new PubSubError("PERMISSION_DENIED", "no"));
    await clock.advance(15_000);
    const samples = parsed(await measured.text(pubsub));
    expect(samples.has(WAITING)).toBe(false);
    expect(samples.get(ofMail("anytopic_stats_failed_total"))).toBe(1);
  });

  test("a broker that does not answer holds up a scrape for 2 s, and what it said before is shown until it is 60 s old", async () => {
    const { metrics: measured, pubsub, clock } = await story();
    const stats = vi.spyOn(pubsub, "stats").mockResolvedValue(backlog);
    await measured.text(pubsub);
    stats.mockReturnValue(new Promise(() => {}));
    const scrapeAfter = async (elapsedMs: number): Promise<boolean> => {
      await clock.advance(elapsedMs);
      const text = measured.text(pubsub);
      await clock.advance(2000);
      return parsed(await text).has(WAITING);
    };
    expect(await scrapeAfter(15_000)).toBe(true);
    expect(await scrapeAfter(15_000)).toBe(true);
    expect(await scrapeAfter(30_000)).toBe(false);
    expect(stats).toHaveBeenCalledTimes(2);
  });

  test("of a subscription that nobody reads here is shown when it is named", async () => {
    const Archive = defineSubscription(Orders, "archive");
    const { observer, text } = metrics({ subscriptions: [Archive, Mail] });
    await using pubsub = await connect("memory:", { observer, declarations: [Archive, Mail] });
    await pubsub.subscribe(Mail, () => {});
    await pubsub.publish(Orders, { how: "fine" });
    const samples = parsed(await text(pubsub));
    expect(samples.get(WAITING.replace("mail", "archive"))).toBe(1);
    expect(samples.has(WAITING)).toBe(true);
    expect(samples.has(ofMail("anytopic_handlers_capacity").replace("mail", "archive"))).toBe(false);
  });
});

describe("the state of now", () => {
  test("counters never go down, also when everything is closed", async () => {
    const { metrics: measured, pubsub } = await story();
    const before = parsed(await measured.text(pubsub));
    await pubsub.close();
    const after = parsed(await measured.text(pubsub));
    const gauges = /^anytopic_(backlog|dead_letters_waiting|handlers|subscription|circuit|publishing|connection_up)/;
    const counted = [...before].filter(([name]) => !gauges.test(name));
    expect(counted.length).toBeGreaterThan(30);
    expect(counted.filter(([name, value]) => (after.get(name) ?? -1) < value)).toEqual([]);
    expect(after.get('anytopic_connection_up{connection="default"}')).toBe(0);
    expect([...after.keys()].filter((name) => /handlers|receiving|backlog/.test(name))).toEqual([]);
    expect(after.get(ofMail("anytopic_stats_failed_total"))).toBe(0);
  });

  test("of several workers and PubSubs is added up, and the worst is shown of what is 1 or 0", async () => {
    const { observer, text } = metrics();
    await using first = await connect("memory:", { observer });
    await using second = await connect("memory:", { observer });
    await first.subscribe(Mail, () => {});
    await first.subscribe(Mail, () => {}, { maxConcurrency: 5 });
    await second.subscribe(Mail, () => {});
    const up = 'anytopic_connection_up{connection="default"}';
    const samples = parsed(await text(first, second));
    expect(samples.get(ofMail("anytopic_handlers_capacity"))).toBe(9);
    expect(samples.get(ofMail("anytopic_subscription_receiving"))).toBe(1);
    expect(samples.get(up)).toBe(1);
    await first.close();
    expect(parsed(await text(first, second)).get(up)).toBe(0);
    expect(parsed(await text(second, first)).get(up)).toBe(0);
  });

  test("workers on several connections share their places, and one that cannot receive or that closes is told apart", async () => {
    const { metrics: measured, pubsub } = await story();
    const health = pubsub.health();
    const [worker] = health.subscriptions;
    if (worker === undefined) throw new Error("there is no worker");
    const states = async (...workers: readonly Partial<typeof worker>[]): Promise<readonly (number | undefined)[]> => {
      const subscriptions = workers.map((changes) => ({ ...worker, ...changes }));
      vi.spyOn(pubsub, "health").mockReturnValue({ ...health, subscriptions });
      const samples = parsed(await measured.text(pubsub));
      const names = ["handlers_capacity", "subscription_receiving", "subscription_paused", "circuit_open"];
      return names.map((name) => samples.get(ofMail(`anytopic_${name}`)));
    };
    expect(await states({}, { connection: "other", capacity: 1 })).toEqual([2, 1, 0, 0]);
    expect(await states({ state: "failing" }, {})).toEqual([4, 0, 0, 0]);
    expect(await states({ state: "closing" })).toEqual([2, undefined, undefined, undefined]);
    // A pause is no failure: an alert on receiving must not fire.
    expect(await states({ state: "paused" }, { state: "paused" })).toEqual([4, undefined, 1, 0]);
    expect(await states({ state: "paused" }, {})).toEqual([4, 1, 0, 0]);
    const circuit = (state: "closed" | "open" | "half-open") => ({ circuit: { state, failures: 0, openForMs: 0 } });
    expect(await states(circuit("closed"), circuit("half-open"))).toEqual([4, 1, 0, 1]);
    expect(await states(circuit("closed"), circuit("closed"))).toEqual([4, 1, 0, 0]);
  });

  test("counters of a worker begin at 0 before anything happened", async () => {
    const { observer, text } = metrics();
    await using pubsub = await connect("memory:", { observer });
    await pubsub.subscribe(Mail, () => {});
    const samples = parsed(await text(pubsub));
    const counters = ["retries_total", "redeliveries_total", "lease_lost_total", "dead_letter_failed_total"];
    expect(counters.map((name) => samples.get(ofMail(`anytopic_${name}`)))).toEqual([0, 0, 0, 0]);
    expect(samples.get(ofMail("anytopic_dead_letters_total", 'reason="rejected"'))).toBe(0);
    expect(samples.get('anytopic_connection_reconnects_total{connection="default"}')).toBe(0);
  });

  test("running handlers and pending work are those of the moment", async () => {
    const { metrics: measured, pubsub, clock } = await story();
    await pubsub.publish(Orders, { how: "fine" });
    await clock.advance(100);
    const running = async (): Promise<number | undefined> =>
      parsed(await measured.text(pubsub)).get(ofMail("anytopic_handlers_running"));
    expect(await running()).toBe(1);
    await clock.advance(100);
    expect(await running()).toBe(0);
  });
});

describe("over HTTP", () => {
  test("a fetch handler answers /metrics, with the content type that Prometheus asks for", async () => {
    const { metrics: measured, pubsub } = await story();
    const handler = measured.handler(pubsub);
    const get = await handler(new Request("http://localhost/internal/metrics?x=1"));
    expect([get.status, get.headers.get("content-type")]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
    expect(await get.text()).toBe(await measured.text(pubsub));
    const head = await handler(new Request("http://localhost/metrics", { method: "HEAD" }));
    expect([head.status, await head.text()]).toEqual([200, ""]);
    const post = await handler(new Request("http://localhost/metrics", { method: "POST" }));
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    expect((await handler(new Request("http://localhost/livez"))).status).toBe(404);
  });

  test("a listener of node:http does the same", async () => {
    const { metrics: measured, pubsub } = await story();
    const server = createServer(measured.listener(pubsub)).listen(0, "127.0.0.1");
    await vi.waitUntil(() => server.listening);
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const get = await fetch(`${url}/metrics?x=1`);
    expect([get.status, get.headers.get("content-type")]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
    expect(await get.text()).toBe(await measured.text(pubsub));
    const head = await fetch(`${url}/metrics`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect((await fetch(`${url}/metrics`, { method: "DELETE" })).status).toBe(405);
    expect((await fetch(`${url}/livez`)).status).toBe(404);
    server.close();
  });

  test("what cannot be read is an error without details", async () => {
    const { metrics: measured, pubsub } = await story();
    vi.spyOn(pubsub, "health").mockImplementation(() => {
      throw new Error("secret");
    });
    const response = await measured.handler(pubsub)(new Request("http://localhost/metrics"));
    expect([response.status, await response.text()]).toEqual([500, "the metrics could not be read\n"]);
  });
});
