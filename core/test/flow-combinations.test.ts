import { connect, defineSubscription, defineTopic, VirtualClock } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { describe, expect, it } from "vitest";

import { openedBatch, recorder } from "./opened-batch-worker.ts";
import { Events, Sub, turn } from "./opened-worker.ts";

const { retryPolicy } = Sub;

describe("drain and pause", () => {
  it("counts the messages of both sides of the pause, and ends after the resume", async () => {
    const { pubsub, clock } = await onMemory();
    const seen: string[] = [];
    await pubsub.apply([Sub]);
    await pubsub.publish(Events, {}, { id: "before" });
    const drained = pubsub.drain(Sub, (_, { id }) => void seen.push(id), { untilIdleMs: 100 });
    await expect.poll(() => seen).toEqual(["before"]);
    await pubsub.pause(Sub);
    await pubsub.publish(Events, {}, { id: "after" });
    await clock.advance(10_000);
    expect(seen).toEqual(["before"]);
    await pubsub.resume(Sub);
    await expect.poll(() => seen).toEqual(["before", "after"]);
    await steps(clock, 3, 100);
    await expect(drained).resolves.toMatchObject({ handled: 2, endedBy: "idle" });
    await pubsub.close();
  });

  it("ends by maxMs while it is paused, and leaves the rest", async () => {
    const { pubsub, clock } = await onMemory();
    await pubsub.apply([Sub]);
    const drained = pubsub.drain(Sub, () => {}, { untilIdleMs: 100, maxMs: 1000 });
    await turn();
    await pubsub.pause(Sub);
    await pubsub.publish(Events, {});
    await clock.advance(1000);
    await expect(drained).resolves.toMatchObject({ handled: 0, endedBy: "max-time" });
    expect(await pubsub.stats(Sub)).toMatchObject({ waiting: 1 });
    await pubsub.close();
  });
});

describe("drain and a rate", () => {
  it("is not idle while messages wait for the rate, however slow that is", async () => {
    const { pubsub, clock } = await onMemory();
    await pubsub.apply([Sub]);
    await pubsub.publishBatch(
      Events,
      Array.from({ length: 3 }, () => ({ event: {} })),
    );
    const startsMs: number[] = [];
    const beganMs = clock.now();
    const options = { untilIdleMs: 100, rate: { max: 1, perMs: 2000 } };
    const drained = pubsub.drain(Sub, () => void startsMs.push(clock.now() - beganMs), options);
    await turn();
    await steps(clock, 60, 100);
    await expect(drained).resolves.toMatchObject({ handled: 3, endedBy: "idle" });
    expect(startsMs).toEqual([0, 2000, 4000]);
    await pubsub.close();
  });
});

describe("drain and a filter", () => {
  it("does not count what the filter holds back against maxMessages", async () => {
    const { pubsub } = await onMemory();
    const Filtered = defineSubscription(Events, "sub", { filter: { kind: "a" } });
    await pubsub.apply([Filtered]);
    for (const kind of ["b", "a", "b", "a"]) await pubsub.publish(Events, {}, { attributes: { kind } });
    const { handled, skipped, endedBy } = await pubsub.drain(Filtered, () => {}, { maxMessages: 2 });
    expect({ handled, skipped, endedBy }).toEqual({ handled: 2, skipped: 2, endedBy: "max-messages" });
    await pubsub.close();
  });
});

describe("batches and pause", () => {
  it("release what is collected, let the batch that runs end, and go on after the resume", async () => {
    const running = Promise.withResolvers<void>();
    const { calls, handler } = recorder(([first]) => (first === "a" ? running.promise : undefined));
    const One = defineSubscription(Events, "sub", { retryPolicy, maxConcurrency: 1 });
    const { adapter, clock, worker } = await openedBatch(One, handler, { maxMessages: 2, maxWaitMs: 50 });
    for (const id of ["a", "b", "c"]) adapter.deliver({ id });
    await turn();
    await worker.pause();
    expect(adapter.settles).toMatchObject([{ id: "c", how: "release" }]);
    await clock.advance(1000);
    expect(calls).toEqual([["a", "b"]]);
    await worker.resume();
    for (const id of ["c", "d"]) adapter.deliver({ id });
    await turn();
    // The batch from before the pause has the only place.
    expect(calls).toHaveLength(1);
    running.resolve();
    await expect
      .poll(() => calls)
      .toEqual([
        ["a", "b"],
        ["c", "d"],
      ]);
    await expect.poll(() => adapter.settles.filter(({ how }) => how === "ack").length).toBe(4);
    expect(worker.health()).toMatchObject({ state: "receiving", running: 0, waiting: 0 });
  });

  it("wait maxWaitMs again after the resume", async () => {
    const { calls, handler } = recorder();
    const { adapter, clock, worker } = await openedBatch(Sub, handler, { maxMessages: 2, maxWaitMs: 50 });
    adapter.deliver({ id: "a" });
    await clock.advance(40);
    await worker.pause();
    await worker.resume();
    adapter.deliver({ id: "a" });
    await clock.advance(49);
    expect(calls).toEqual([]);
    await clock.advance(1);
    expect(calls).toEqual([["a"]]);
  });
});

describe("seek and pause", () => {
  const Kept = defineTopic<object>("kept", { replay: true });
  const KeptSub = defineSubscription(Kept, "sub", { maxConcurrency: 1 });

  it("a paused worker stays paused, and goes on at the new position", async () => {
    const { pubsub } = await onMemory();
    const seen: string[] = [];
    const worker = await pubsub.subscribe(KeptSub, (_, { id, attempt }) => void seen.push(`${id} ${attempt}`));
    await pubsub.publish(Kept, {}, { id: "a" });
    await expect.poll(() => seen).toEqual(["a 1"]);
    await worker.pause();
    await pubsub.seek(KeptSub, { to: "beginning" });
    await turn();
    expect(worker.health().state).toBe("paused");
    expect(seen).toEqual(["a 1"]);
    await worker.resume();
    await expect.poll(() => seen).toEqual(["a 1", "a 1"]);
    await pubsub.close();
  });

  it("a handler from before the pause no longer counts: its success acknowledges no attempt of what comes again", async () => {
    const { pubsub, clock } = await onMemory();
    const { promise, resolve } = Promise.withResolvers<void>();
    const seen: string[] = [];
    let aborted: unknown;
    const worker = await pubsub.subscribe(KeptSub, (_, { id, attempt, signal }) => {
      seen.push(`${id} ${attempt}`);
      if (seen.length === 2) throw new Error("once more");
      if (seen.length > 1) return undefined;
      signal.addEventListener("abort", () => (aborted = signal.reason));
      return promise;
    });
    await pubsub.publish(Kept, {}, { id: "a" });
    await expect.poll(() => seen).toHaveLength(1);
    await worker.pause();
    await pubsub.seek(KeptSub, { to: "beginning" });
    expect(aborted).toMatchObject({ code: "LEASE_LOST" });
    resolve();
    await turn();
    await worker.resume();
    await expect.poll(() => seen).toEqual(["a 1", "a 1"]);
    await steps(clock, 3, 10_000);
    await expect.poll(() => seen).toEqual(["a 1", "a 1", "a 2"]);
    await pubsub.close();
  });
});

async function onMemory() {
  const clock = new VirtualClock();
  const pubsub = await connect(memory(), { clock });
  return { pubsub, clock };
}

async function steps(clock: VirtualClock, count: number, ms: number): Promise<void> {
  for (let step = 0; step < count; step += 1) await clock.advance(ms);
}
