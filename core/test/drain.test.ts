import {
  connect,
  defineSubscription,
  type DrainOptions,
  type DrainResult,
  type HandlerContext,
  PubSubError,
  Reject,
  VirtualClock,
  type Handler,
} from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { describe, expect, it } from "vitest";

import { Events, Sub, turn } from "./opened-worker.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";

const Slow = defineSubscription(Events, "slow", { maxConcurrency: 2, maxHandlingMs: 60_000 });

async function draining(handler: (context: HandlerContext) => unknown, options: DrainOptions, sub: typeof Sub = Slow) {
  const adapter = new ScriptedAdapter();
  const clock = new VirtualClock();
  const pubsub = await connect(adapter, { clock });
  const state: { result?: DrainResult; error?: unknown } = {};
  const run = (_: object, context: HandlerContext): unknown => handler(context);
  const done = pubsub.drain(sub, run as Handler<object>, options).then(
    (result) => void (state.result = result),
    (error: unknown) => void (state.error = error),
  );
  await turn();
  return { adapter, clock, pubsub, state, done };
}

describe("drain", () => {
  it("ends when nothing has arrived for untilIdleMs, and counts what it did", async () => {
    const { adapter, clock, state } = await draining(
      ({ id }) => {
        if (id === "retried") throw new Error("once more");
        if (id === "rejected") throw new Reject("never");
      },
      { untilIdleMs: 1000 },
    );
    for (const id of ["a", "retried", "rejected"]) adapter.deliver({ id });
    adapter.deliver({ id: "expired", attributes: { "anytopic-expires": "1" } });
    await turn();
    await clock.advance(900);
    adapter.deliver({ id: "b" });
    await clock.advance(999);
    expect(state).toEqual({});
    await clock.advance(1);
    await expect
      .poll(() => state.result)
      .toEqual({
        handled: 2,
        retried: 1,
        deadLettered: 1,
        skipped: 1,
        endedBy: "idle",
      });
    expect(adapter.stopped).toBe(true);
  });

  it("is not idle while a handler runs, however long", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { adapter, clock, state } = await draining(() => promise, { untilIdleMs: 100 });
    adapter.deliver({ id: "a" });
    await clock.advance(30_000);
    expect(state).toEqual({});
    resolve();
    await turn();
    await clock.advance(99);
    expect(state).toEqual({});
    await clock.advance(101);
    await expect.poll(() => state.result).toMatchObject({ handled: 1, endedBy: "idle" });
  });

  it("is not idle while the subscription cannot receive, and waits again after the repair", async () => {
    const { adapter, clock, state } = await draining(() => {}, { untilIdleMs: 100 });
    adapter.sink.failing(new PubSubError("UNAVAILABLE", "gone"));
    await clock.advance(10_000);
    expect(state).toEqual({});
    adapter.sink.receiving(true);
    await clock.advance(99);
    expect(state).toEqual({});
    await clock.advance(1);
    await expect.poll(() => state.result).toMatchObject({ endedBy: "idle" });
  });

  it("is not idle while it is paused", async () => {
    const { clock, state, pubsub } = await draining(() => {}, { untilIdleMs: 100 });
    await pubsub.pause(Slow);
    await clock.advance(10_000);
    expect(state).toEqual({});
    await pubsub.resume(Slow);
    await clock.advance(100);
    await clock.advance(100);
    await expect.poll(() => state.result).toMatchObject({ endedBy: "idle" });
  });

  it("is not idle while its circuit is open", async () => {
    let failing = true;
    const handler = (): void => {
      if (failing) throw new Error("down");
    };
    const circuit = { failures: 1, openMs: 5000 };
    const { adapter, clock, state } = await draining(handler, { untilIdleMs: 100, circuit });
    adapter.deliver({ id: "a" });
    await turn();
    await clock.advance(4000);
    expect(state).toEqual({});
    failing = false;
    await clock.advance(2000);
    adapter.deliver({ id: "a" }, 2);
    await turn();
    await clock.advance(100);
    await clock.advance(100);
    await expect.poll(() => state.result).toMatchObject({ handled: 1, retried: 1, endedBy: "idle" });
  });

  it("rejects with an error that no waiting repairs", async () => {
    const { adapter, state } = await draining(() => {}, { untilIdleMs: 100 });
    adapter.sink.failing(new PubSubError("NOT_FOUND", "deleted"));
    await expect.poll(() => state.error).toMatchObject({ code: "NOT_FOUND" });
    expect(adapter.stopped).toBe(true);
  });

  it("starts no more than maxMessages; the rest is released, and the handlers are waited for", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const started: string[] = [];
    const { adapter, clock, state } = await draining(
      ({ id }) => {
        started.push(id);
        return promise;
      },
      { untilIdleMs: 100, maxMessages: 3, prefetch: 10 },
      defineSubscription(Events, "wide", { maxConcurrency: 10, maxHandlingMs: 60_000 }),
    );
    for (const id of ["a", "b", "c", "d", "e"]) adapter.deliver({ id });
    await turn();
    expect(started).toEqual(["a", "b", "c"]);
    expect(adapter.settles).toMatchObject([
      { id: "d", how: "release" },
      { id: "e", how: "release" },
    ]);
    await clock.advance(40_000);
    expect(state).toEqual({});
    resolve();
    await expect.poll(() => state.result).toMatchObject({ handled: 3, retried: 0, endedBy: "max-messages" });
  });

  it("fetches no more than maxMessages at a time", async () => {
    const { adapter } = await draining(() => {}, { maxMessages: 7 }, Sub);
    expect(adapter.maxOutstanding).toBe(2 + 2);
    const few = await draining(() => {}, { maxMessages: 1 }, Sub);
    expect(few.adapter.maxOutstanding).toBe(1);
  });

  it("ends after maxMs, whatever is left", async () => {
    const { adapter, clock, state } = await draining(() => {}, { untilIdleMs: 1000, maxMs: 2000 });
    for (let atMs = 0; atMs < 2000; atMs += 500) {
      adapter.deliver({ id: `m${atMs}` });
      await clock.advance(500);
    }
    await expect.poll(() => state.result).toMatchObject({ handled: 4, endedBy: "max-time" });
  });

  it("rejects at once when its signal aborts, and closes its worker", async () => {
    const abort = new AbortController();
    const { adapter, state, pubsub } = await draining(() => {}, { signal: abort.signal });
    abort.abort(new Error("enough"));
    await expect.poll(() => state.error).toMatchObject({ message: "enough" });
    await expect.poll(() => adapter.stopped).toBe(true);
    expect(pubsub.subscriptions).toEqual([]);
  });

  it("rejects with CLOSED when it is closed before its end", async () => {
    const { pubsub, state } = await draining(() => {}, {});
    await pubsub.close();
    await expect.poll(() => state.error).toMatchObject({ code: "CLOSED" });
  });

  it("works with batches, and starts no more than maxMessages in them", async () => {
    const clock = new VirtualClock();
    const pubsub = await connect(memory(), { clock });
    await pubsub.apply([Slow]);
    await pubsub.publishBatch(
      Events,
      Array.from({ length: 25 }, (_, n) => ({ event: { n } })),
    );
    const sizes: number[] = [];
    const handler = (events: readonly object[]): void => void sizes.push(events.length);
    const first = pubsub.drain(Slow, handler, { batch: { maxMessages: 10 }, maxMessages: 15, untilIdleMs: 500 });
    for (let waited = 0; waited < 500; waited += 100) await clock.advance(100);
    await expect(first).resolves.toMatchObject({ handled: 15, endedBy: "max-messages" });
    const rest = pubsub.drain(Slow, handler, { batch: { maxMessages: 10 }, untilIdleMs: 500 });
    for (let waited = 0; waited < 2000; waited += 100) await clock.advance(100);
    await expect(rest).resolves.toMatchObject({ handled: 10, endedBy: "idle" });
    expect(sizes.reduce((total, size) => total + size, 0)).toBe(25);
    await pubsub.close();
  });

  it.each<[object, string]>([
    [{ untilIdleMs: 0 }, "untilIdleMs is 0: must be a whole number from 1 to 86400000 ms"],
    [{ maxMessages: 0 }, "maxMessages is 0: must be a whole number from 1 to"],
    [{ maxMs: 0.5 }, "maxMs is 0.5: must be a whole number from 1 to 86400000 ms"],
    [{ untilIdle: 5 }, 'drain has no option "untilIdle"'],
  ])("refuses %j", async (options, says) => {
    const { state } = await draining(() => {}, options);
    await expect.poll(() => String(state.error)).toContain(says);
  });
});
