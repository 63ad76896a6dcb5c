import { createHash } from "node:crypto";

import { connect, defineSubscription, defineTopic, MemoryInbox, Reject } from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { ScriptedAdapter } from "./scripted-adapter.ts";

const Events = defineTopic("events");
const Worker = defineSubscription(Events, "worker");
const hashOf = (id: string): string => `sha256:${createHash("sha256").update(id).digest("hex")}`;

const HOSTILE_IDS = [
  "",
  "x".repeat(129),
  "x".repeat(60_000),
  "two words",
  "\u001b[2J\r\nfake log line",
  "ключ",
  "\uD800",
];

describe("received ids", () => {
  it.each(["x", "x".repeat(128), "!~", hashOf("y")])("are kept when publish would take them: %s", async (id) => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter);
    const seen: string[] = [];
    await pubsub.subscribe(Worker, (_event, context) => void seen.push(context.id));
    adapter.deliver({ id });
    await expect.poll(() => seen).toEqual([id]);
    await pubsub.close();
  });

  it.each(HOSTILE_IDS)("are replaced by a hash, the same everywhere, when it would not: %j", async (id) => {
    const adapter = new ScriptedAdapter();
    const logged: unknown[] = [];
    const claimed: string[] = [];
    const inbox = new MemoryInbox();
    const log = (...line: unknown[]): void => void logged.push(line);
    const pubsub = await connect(adapter, {
      logger: { debug: log, info: log, warn: log, error: log },
      observer: (event) => void logged.push(event),
      inbox: {
        claim: async (path, one, leaseMs) => {
          claimed.push(one);
          return await inbox.claim(path, one, leaseMs);
        },
        extend: (...given) => inbox.extend(...given),
        complete: (...given) => inbox.complete(...given),
        abandon: (...given) => inbox.abandon(...given),
      },
    });
    const Once = defineTopic("once", { deliveryGuarantee: "exactly-once" });
    const seen: string[] = [];
    await pubsub.subscribe(defineSubscription(Once, "worker"), (_event, context) => {
      seen.push(context.id);
      throw context.attempt === 1 ? new Error("again") : new Reject("no");
    });
    adapter.deliver({ id });
    await expect.poll(() => adapter.settles.length).toBe(1);
    adapter.deliver({ id }, 2);
    await expect.poll(() => adapter.letters.length).toBe(1);
    expect([...seen, ...claimed]).toEqual(Array.from({ length: 4 }, () => hashOf(id)));
    expect(adapter.letters[0]?.id).toBe(hashOf(id));
    expect(JSON.stringify(logged)).not.toContain(id === "" ? "nothing to look for" : JSON.stringify(id).slice(1, -1));
    await expect(pubsub.publish(Events, {}, { id: hashOf(id), signal: AbortSignal.abort() })).rejects.toThrow(
      "aborted",
    );
    await pubsub.close();
  });

  it("are replaced in letters that the broker itself has moved, and stay so on the way back", async () => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter);
    const id = "\u001b[2J".repeat(1000);
    const attributes = Object.create(null) as Record<string, string>;
    adapter.stored.push({
      id,
      body: Buffer.from("{}"),
      attributes,
      orderingKey: undefined,
      publishTimeMs: 5,
      native: 0,
    });
    const letters = pubsub.deadLetters(Worker);
    expect((await letters.peek()).map((letter) => letter.id)).toEqual([hashOf(id)]);
    expect(await letters.redrive()).toBe(1);
    expect(adapter.redelivered.map((message) => message.id)).toEqual([hashOf(id)]);
    await pubsub.close();
  });
});

describe("received times", () => {
  const LAST_MS = 253_402_300_799_999;

  it.each([
    [1e300, LAST_MS],
    [-1e300, 0],
    [Number.POSITIVE_INFINITY, LAST_MS],
    [Number.NaN, 0],
    [LAST_MS + 1, LAST_MS],
    [5.5, 5],
  ])("of %d ms are %d ms, in deliveries, letters and their records", async (publishTimeMs, expectedMs) => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter);
    const seen: Date[] = [];
    await pubsub.subscribe(Worker, (_event, context) => {
      seen.push(context.publishTime);
      throw new Reject("no");
    });
    adapter.deliver({ id: "x", publishTimeMs });
    await expect.poll(() => adapter.letters.length).toBe(1);
    expect(seen[0]?.getTime()).toBe(expectedMs);
    expect(Math.trunc(adapter.letters[0]?.publishTimeMs ?? Number.NaN)).toBe(expectedMs);

    const record = { reason: "rejected", last: publishTimeMs, first: publishTimeMs };
    const attributes = { "anytopic-dead-letter": JSON.stringify(record).replaceAll("null", "1e999") };
    adapter.stored.push({
      id: "x",
      body: Buffer.from("{}"),
      attributes,
      orderingKey: undefined,
      publishTimeMs,
      native: 0,
    });
    const [letter] = await pubsub.deadLetters(Worker).peek();
    expect(letter?.publishTime.getTime()).toBe(expectedMs);
    for (const time of [letter?.firstFailureTime, letter?.lastFailureTime]) {
      expect(() => time?.toISOString()).not.toThrow();
    }
    expect(await pubsub.deadLetters(Worker).redrive()).toBeGreaterThanOrEqual(0);
    await pubsub.close();
  });
});
