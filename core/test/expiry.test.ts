import {
  connect,
  defineSubscription,
  defineTopic,
  VirtualClock,
  type Instrumentation,
  type PublishOptions,
  type PubSubEvent,
} from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { describe, expect, it } from "vitest";

import { Events, KeyedSub, opened, Sub, turn } from "./opened-worker.ts";

const LetterSub = defineSubscription(Events, "letters", { ...optionsOf(Sub), onExpired: "dead-letter" });

function optionsOf({ retryPolicy, ackDeadlineMs, maxHandlingMs }: typeof Sub) {
  return { retryPolicy, ackDeadlineMs, maxHandlingMs, maxConcurrency: 1 };
}

/** Attributes of a message that expires so many ms after the clock's start. */
const expiring = (clock: VirtualClock, afterMs: number) => ({ "anytopic-expires": String(clock.now() + afterMs) });

describe("a message that expires", () => {
  it("is handled before its time, and its handler sees when and no reserved attribute", async () => {
    const seen: unknown[] = [];
    const { adapter, clock } = await opened(Sub, (_, { attributes, expiresAt }) => {
      seen.push({ ...attributes }, expiresAt);
    });
    adapter.deliver({ id: "a", attributes: { ...expiring(clock, 1), tenant: "acme" } });
    await turn();
    expect(seen).toEqual([{ tenant: "acme" }, new Date(clock.now() + 1)]);
    expect(adapter.settles).toMatchObject([{ id: "a", how: "ack" }]);
  });

  it("is acknowledged without a handler from its time on, and spends no attempt", async () => {
    const { adapter, clock, events } = await opened(Sub, () => {
      throw new Error("a handler started");
    });
    adapter.deliver({ id: "a", attributes: expiring(clock, 0) }, 3);
    await turn();
    expect(adapter.settles).toMatchObject([{ id: "a", how: "ack" }]);
    expect(events.filter((event) => "attempt" in event)).toEqual([
      {
        type: "skipped",
        reason: "expired",
        topic: "events",
        subscription: "sub",
        id: "a",
        attempt: 3,
        atMs: clock.now(),
      },
    ]);
  });

  it("becomes a letter where the subscription says so, with the attempts that it had", async () => {
    const { adapter, clock, events } = await opened(LetterSub, () => {
      throw new Error("a handler started");
    });
    const expires = expiring(clock, 0);
    adapter.deliver({ id: "a", attributes: expires }, 3);
    await turn();
    expect(adapter.letters).toHaveLength(1);
    const attributes = adapter.letters[0]?.attributes;
    expect(attributes).toMatchObject(expires);
    expect(JSON.parse(attributes?.["anytopic-dead-letter"] ?? "")).toMatchObject({
      reason: "expired",
      attempts: 2,
      message: expect.stringContaining(
        `the message was not handled before it expired at ${new Date(clock.now()).toISOString()}. See `,
      ),
    });
    expect(events.at(-1)).toMatchObject({ type: "dead-letter", reason: "expired", durationMs: undefined });
    expect(adapter.settles).toMatchObject([{ how: "ack" }]);
  });

  it("is not handled when it waits for a place until after its time", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const runs: string[] = [];
    const { adapter, clock, worker, events } = await opened(LetterSub, (_, { id }) => {
      runs.push(id);
      return promise;
    });
    adapter.deliver({ id: "first" });
    adapter.deliver({ id: "late", attributes: expiring(clock, 50) });
    await clock.advance(60);
    resolve();
    await turn();
    expect(runs).toEqual(["first"]);
    expect(events.at(-1)).toMatchObject({ id: "late", reason: "expired" });
    expect(worker.health()).toMatchObject({ running: 0, waiting: 0 });
  });

  it("is not handled when it waits for its key until after its time, and the next of the key runs", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const runs: string[] = [];
    const { adapter, clock } = await opened(KeyedSub, (_, { id }) => {
      runs.push(id);
      return promise;
    });
    adapter.deliver({ id: "first", orderingKey: "k" });
    adapter.deliver({ id: "late", orderingKey: "k", attributes: expiring(clock, 50) });
    adapter.deliver({ id: "next", orderingKey: "k" });
    await clock.advance(60);
    resolve();
    await turn();
    expect(runs).toEqual(["first", "next"]);
  });

  it.each(["soon", "-1", "1e3", "", " 5", "9".repeat(400), "NaN"])(
    "never expires when a stranger wrote %j",
    async (text) => {
      const { adapter } = await opened(Sub, (_, context) => {
        expect(context.expiresAt).toBeUndefined();
        expect(Object.keys(context.attributes)).toEqual([]);
      });
      adapter.deliver({ id: "a", attributes: { "anytopic-expires": text } });
      await turn();
      expect(adapter.settles).toMatchObject([{ how: "ack" }]);
    },
  );

  it("that succeeded late is acknowledged, and does not become a letter", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { adapter, clock } = await opened(LetterSub, () => promise);
    const attributes = expiring(clock, 50);
    const first = adapter.deliver({ id: "a", attributes });
    await turn();
    adapter.sink.revoke(first);
    resolve();
    await clock.advance(60);
    adapter.deliver({ id: "a", attributes }, 2);
    await turn();
    expect(adapter.letters).toEqual([]);
    expect(adapter.settles.at(-1)).toMatchObject({ attempt: 2, how: "ack" });
  });

  it("whose instrumentation waits past its time is not handled", async () => {
    const clock = new VirtualClock();
    const slow: Instrumentation = {
      handle: async (_, run) => {
        await clock.advance(100);
        return run();
      },
    };
    const { pubsub, runs, events, publish } = await onMemory(clock, { instrumentation: [slow] });
    await pubsub.subscribe(Sub, (_, { id }) => void runs.push(id));
    await publish({ expiresAt: new Date(clock.now() + 50) });
    await expect.poll(() => events.at(-1)).toMatchObject({ type: "skipped", reason: "expired" });
    expect(runs).toEqual([]);
    await pubsub.close();
  });

  it("is not given to a reader of the pull form after its time", async () => {
    const clock = new VirtualClock();
    const { pubsub, events, publish } = await onMemory(clock);
    await using deliveries = pubsub.deliveries(Sub);
    const first = deliveries.next();
    const firstId = await publish();
    await first.then(({ value }) => value?.ack());
    await publish({ expiresAt: new Date(clock.now() + 50) });
    await turn();
    await clock.advance(60);
    const lastId = await publish();
    const next = await deliveries.next();
    expect(next.value?.id).toBe(lastId);
    expect(firstId).not.toBe(lastId);
    expect(events.filter(({ type }) => type === "skipped")).toHaveLength(1);
  });
});

describe("redrive", () => {
  it("removes the expiry, so that the letter's message is handled", async () => {
    const clock = new VirtualClock();
    const { pubsub, runs, publish } = await onMemory(clock);
    const expiresAt = new Date(clock.now() - 1);
    const worker = await pubsub.subscribe(
      LetterSub,
      (_, { id, expiresAt: left }) => void runs.push(`${id} ${String(left)}`),
    );
    const id = await publish({ expiresAt, attributes: { tenant: "acme" } });
    await turn();
    const letters = pubsub.deadLetters(LetterSub);
    const [letter] = await letters.peek();
    expect(letter).toMatchObject({ reason: "expired", expiresAt, attempts: 0 });
    expect({ ...letter?.attributes }).toEqual({ tenant: "acme" });
    expect(await letters.redrive()).toBe(1);
    await turn();
    expect(runs).toEqual([`${id} undefined`]);
    await worker.close();
    await pubsub.close();
  });
});

describe("publish with expiresAt", () => {
  it.each([new Date(Number.NaN), new Date(-1), new Date(253_402_300_800_000), 5, "2026-01-01"])(
    "refuses %s",
    async (expiresAt) => {
      const { pubsub } = await onMemory(new VirtualClock());
      await expect(pubsub.publish(Events, {}, { expiresAt: expiresAt as Date })).rejects.toThrow(
        /expiresAt is .*: must be a Date of the years 1970 to 9999/,
      );
    },
  );

  it("holds for the entries of a batch, and counts as one attribute", async () => {
    const clock = new VirtualClock();
    const { pubsub, runs } = await onMemory(clock);
    await pubsub.subscribe(Sub, (_, { id }) => void runs.push(id));
    const expiresAt = new Date(clock.now());
    const entry = { event: {}, expiresAt };
    const full = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`a${index}`, ""]));
    const results = await pubsub.publishBatch(Events, [{ event: {} }, entry, { ...entry, attributes: full }]);
    await turn();
    expect(results).toMatchObject([{ ok: true }, { ok: true }, { ok: false, error: { code: "LIMIT_EXCEEDED" } }]);
    expect(runs).toHaveLength(1);
  });

  it("shows instrumentations the user's attributes alone", async () => {
    const seen: unknown[] = [];
    const publish: Instrumentation["publish"] = ({ attributes }) => void seen.push({ ...attributes });
    const { pubsub } = await onMemory(new VirtualClock(), { instrumentation: [{ publish }] });
    await pubsub.publish(Events, {}, { expiresAt: new Date(), attributes: { tenant: "acme" } });
    expect(seen).toEqual([{ tenant: "acme" }]);
  });
});

describe("onExpired", () => {
  it("is checked, and may come from the configuration", async () => {
    expect(() => defineSubscription(defineTopic("t"), "s", { onExpired: "ignore" as "drop" })).toThrow(
      'subscription "s": onExpired is \'ignore\': must be one of "drop", "dead-letter"',
    );
    const clock = new VirtualClock();
    const config = { topics: { events: { subscriptions: { sub: { onExpired: "dead-letter" } } } } } as const;
    const url = "memory://expiry-from-configuration";
    const pubsub = await connect({ config: { connections: { main: { url } }, ...config }, clock });
    await pubsub.subscribe(Sub, () => {});
    await pubsub.publish(Events, {}, { expiresAt: new Date(clock.now()) });
    await turn();
    expect(await pubsub.deadLetters(Sub).count()).toBe(1);
    await pubsub.close();
  });
});

async function onMemory(clock: VirtualClock, options: { readonly instrumentation?: readonly Instrumentation[] } = {}) {
  const events: PubSubEvent[] = [];
  const pubsub = await connect(memory(), { clock, observer: (event) => void events.push(event), ...options });
  await pubsub.apply([Events, Sub, LetterSub]);
  const publish = (given: PublishOptions = {}): Promise<string> => pubsub.publish(Events, {}, given);
  return { pubsub, events, runs: [] as string[], publish };
}
