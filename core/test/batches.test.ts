import { type BatchHandler, type BatchOutcome, defineSubscription, Reject, RetryAfter } from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { openedBatch, recorder } from "./opened-batch-worker.ts";
import { Events, KeyedSub, Sub, turn } from "./opened-worker.ts";

const THREE = { maxMessages: 3, maxWaitMs: 100 };
const retryPolicy = { minBackoffMs: 100, maxBackoffMs: 1000, maxRetries: 2, jitter: 0 };

describe("a batch", () => {
  it("starts when it is full, with the oldest first", async () => {
    const { calls, handler } = recorder();
    const { adapter } = await openedBatch(Sub, handler, THREE);
    for (const id of ["a", "b"]) adapter.deliver({ id });
    await turn();
    expect(calls).toEqual([]);
    for (const id of ["c", "d"]) adapter.deliver({ id });
    await turn();
    expect(calls).toEqual([["a", "b", "c"]]);
    expect(adapter.settles).toMatchObject(["a", "b", "c"].map((id) => ({ id, how: "ack" })));
  });

  it("starts when its first message has waited for maxWaitMs, also when those before it were lost while they waited for a place", async () => {
    const endings: (() => void)[] = [];
    const { calls, handler } = recorder(() => new Promise<void>((resolve) => endings.push(resolve)));
    const { adapter, clock } = await openedBatch(
      defineSubscription(Events, "one", { maxConcurrency: 1 }),
      handler,
      THREE,
    );
    adapter.deliver({ id: "a" });
    await clock.advance(100);
    expect(calls).toEqual([["a"]]);
    const lost = adapter.deliver({ id: "b" });
    await clock.advance(150);
    adapter.deliver({ id: "c" });
    adapter.sink.revoke(lost);
    endings[0]?.();
    await clock.advance(99);
    expect(calls).toEqual([["a"]]);
    await clock.advance(1);
    expect(calls).toEqual([["a"], ["c"]]);
    endings[1]?.();
  });

  it("starts when its first message has waited for maxWaitMs", async () => {
    const { calls, handler } = recorder();
    const { adapter, clock, worker } = await openedBatch(Sub, handler, THREE);
    adapter.deliver({ id: "a" });
    await clock.advance(60);
    adapter.deliver({ id: "b" });
    expect(worker.health()).toMatchObject({ running: 0, waiting: 2 });
    await clock.advance(39);
    expect(calls).toEqual([]);
    await clock.advance(1);
    await turn();
    expect(calls).toEqual([["a", "b"]]);
    adapter.deliver({ id: "c" });
    await clock.advance(99);
    expect(calls).toHaveLength(1);
    await clock.advance(1);
    expect(calls[1]).toEqual(["c"]);
  });

  it("takes one place, and those that wait for it join the next", async () => {
    const waits: PromiseWithResolvers<void>[] = [];
    const { calls, handler } = recorder(() => {
      const wait = Promise.withResolvers<void>();
      waits.push(wait);
      return wait.promise;
    });
    const one = defineSubscription(Events, "one", { retryPolicy, maxConcurrency: 1 });
    const { adapter, clock, worker } = await openedBatch(one, handler, THREE);
    for (const id of ["a", "b", "c", "d"]) adapter.deliver({ id });
    await clock.advance(1000);
    expect(worker.health()).toMatchObject({ capacity: 1, running: 1, waiting: 1 });
    for (const id of ["e", "f", "g"]) adapter.deliver({ id });
    waits[0]?.resolve();
    await turn();
    expect(calls).toEqual([
      ["a", "b", "c"],
      ["d", "e", "f"],
    ]);
    expect(worker.health()).toMatchObject({ running: 1, waiting: 1 });
  });

  it("is fetched: as many messages as all places can hold, and as many again", async () => {
    const { adapter } = await openedBatch(Sub, recorder().handler, { maxMessages: 40 });
    expect(adapter.maxOutstanding).toBe(2 * 40 + 2 * 40);
  });

  it("leases of all of its messages are renewed, also while it is collected", async () => {
    const { adapter, clock } = await openedBatch(Sub, recorder().handler, { maxMessages: 3, maxWaitMs: 5000 });
    adapter.deliver({ id: "a" });
    adapter.deliver({ id: "b" });
    await clock.advance(4000);
    expect(adapter.extended.length).toBeGreaterThan(2);
    expect(adapter.extended.at(-1)).toEqual(["a", "b"]);
  });

  it("has at most one message of a key; the next starts after its outcome, and order holds across a retry", async () => {
    let failing = true;
    const { calls, handler } = recorder((ids) => (failing && ids.includes("a1") ? [new Error("x"), "ack"] : undefined));
    const { adapter, clock } = await openedBatch(KeyedSub, handler, { maxMessages: 2, maxWaitMs: 10 });
    const deliver = (id: string, attempt = 1): void =>
      void adapter.deliver({ id, orderingKey: id.slice(0, 1) }, attempt);
    for (const id of ["a1", "a2", "b1", "b2"]) deliver(id);
    await clock.advance(10);
    expect(calls).toEqual([["a1", "b1"], ["b2"]]);
    failing = false;
    deliver("a1", 2);
    await clock.advance(99);
    expect(calls).toHaveLength(2);
    await clock.advance(20);
    await clock.advance(20);
    expect(calls.slice(2)).toEqual([["a1"], ["a2"]]);
  });
});

describe("the outcomes of a batch", () => {
  const run = async (result: () => ReturnType<BatchHandler<object>>) => {
    const { adapter, events } = await openedBatch(Sub, result, THREE);
    for (const id of ["a", "b", "c"]) adapter.deliver({ id });
    await turn();
    return { adapter, events };
  };

  it("are all acknowledged when the handler returns nothing", async () => {
    const { adapter } = await run(() => Promise.resolve());
    expect(adapter.settles.map(({ how }) => how)).toEqual(["ack", "ack", "ack"]);
  });

  it.each([["throws"], ["rejects"]])("all fail when it %s, each by its own attempt", async (how) => {
    const { adapter } = await run(() => {
      if (how === "throws") throw new Error("down");
      return Promise.reject(new Error("down"));
    });
    expect(adapter.settles).toMatchObject(["a", "b", "c"].map((id) => ({ id, how: "retry", delayMs: 100 })));
  });

  it("all have the delay of a RetryAfter, or are all dead-lettered by a Reject", async () => {
    const later = await run(() => Promise.reject(new RetryAfter(700)));
    expect(later.adapter.settles).toMatchObject(["a", "b", "c"].map((id) => ({ id, how: "retry", delayMs: 700 })));
    const never = await run(() => Promise.reject(new Reject("never")));
    expect(never.adapter.letters.map(({ id }) => id)).toEqual(["a", "b", "c"]);
  });

  it("are one for each message in a list", async () => {
    const { adapter } = await run(async () => ["ack", new Reject("never"), new RetryAfter(5)]);
    expect(adapter.settles).toMatchObject([
      { id: "a", how: "ack" },
      { id: "c", how: "retry", delayMs: 5 },
      { id: "b", how: "ack" },
    ]);
    expect(adapter.letters.map(({ id }) => id)).toEqual(["b"]);
  });

  it.each<[unknown, string]>([
    [["ack"], "the batch handler returned 1 outcomes for 3 messages: must be one for each, or nothing"],
    [[], "the batch handler returned 0 outcomes for 3 messages: must be one for each, or nothing"],
    [["ack", "ack", "secret"], 'outcome 2, which is another text: must be "ack" or an Error'],
    [["ack", { status: "rejected" }, "ack"], 'outcome 1, which is an object: must be "ack" or an Error'],
    // oxlint-disable-next-line no-sparse-arrays -- what a program in JavaScript may return
    [["ack", , "ack"], 'outcome 1, which is undefined: must be "ack" or an Error'],
  ])("%j is a mistake: every message fails, and the error says why", async (value, says) => {
    const { adapter, events } = await run(() => value as BatchOutcome[]);
    expect(adapter.settles.map(({ how }) => how)).toEqual(["retry", "retry", "retry"]);
    const errors = events.flatMap((event) => (event.type === "retry" ? [(event.error as Error).message] : []));
    expect(errors).toHaveLength(3);
    for (const error of errors) expect(error).toContain(says);
  });

  it("an outcome that cannot be looked at is a mistake as any other", async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const { events } = await run(() => ["ack", proxy, "ack"] as unknown as BatchOutcome[]);
    const errors = events.flatMap((event) => (event.type === "retry" ? [(event.error as Error).message] : []));
    expect(errors).toHaveLength(3);
    for (const error of errors) expect(error).toContain("the batch handler returned outcome 1");
  });

  it("a value that is no list is ignored, as with one message", async () => {
    const { adapter } = await run(() => ({ rows: 3 }) as unknown as undefined);
    expect(adapter.settles.map(({ how }) => how)).toEqual(["ack", "ack", "ack"]);
  });

  it("dead-letters a message after its own last attempt", async () => {
    const { adapter } = await openedBatch(Sub, () => Promise.reject(new Error("down")), { maxMessages: 2 });
    adapter.deliver({ id: "old" }, 3);
    adapter.deliver({ id: "new" }, 1);
    await turn();
    expect(adapter.letters.map(({ id }) => id)).toEqual(["old"]);
    expect(adapter.settles).toContainEqual(expect.objectContaining({ id: "new", how: "retry" }));
  });
});

describe("closing", () => {
  it("releases what is collected at once, and waits for the batch that runs", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { calls, handler } = recorder(() => promise);
    const { adapter, worker } = await openedBatch(Sub, handler, THREE);
    for (const id of ["a", "b", "c", "d", "e"]) adapter.deliver({ id });
    await turn();
    const closing = worker.close();
    await turn();
    expect(adapter.settles).toMatchObject([
      { id: "d", how: "release" },
      { id: "e", how: "release" },
    ]);
    resolve();
    await closing;
    expect(calls).toEqual([["a", "b", "c"]]);
    expect(adapter.settles.slice(2).map(({ how }) => how)).toEqual(["ack", "ack", "ack"]);
  });

  it("releases the messages of a batch that does not end in time", async () => {
    const { adapter, worker } = await openedBatch(Sub, () => new Promise<void>(() => {}), { maxMessages: 2 });
    for (const id of ["a", "b"]) adapter.deliver({ id });
    await turn();
    await worker.close({ timeoutMs: 0 });
    expect(adapter.settles.map(({ how }) => how)).toEqual(["release", "release"]);
  });
});

describe("the options of a batch", () => {
  it.each<[object, string]>([
    [{}, "batch.maxMessages is undefined: must be a whole number from 1 to 10000"],
    [{ maxMessages: 0 }, "batch.maxMessages is 0: must be a whole number from 1 to 10000"],
    [{ maxMessages: 5, maxWaitMs: 0 }, "batch.maxWaitMs is 0: must be a whole number from 1 to 60000 ms"],
    [{ maxMessages: 5, maxWait: 5 }, 'subscribe: batch has no option "maxWait"'],
  ])("%j is refused", async (batch, says) => {
    await expect(openedBatch(Sub, recorder().handler, batch as { maxMessages: number })).rejects.toThrow(says);
  });

  it("must not mean more messages in hand than a worker may have", async () => {
    const many = defineSubscription(Events, "many", { maxConcurrency: 100 });
    await expect(openedBatch(many, recorder().handler, { maxMessages: 2000 })).rejects.toThrow(
      "the worker would have 200000 messages in hand, at most 100000: choose a lower maxConcurrency",
    );
  });

  it("cannot be used with the pull form", async () => {
    const { pubsub } = await openedBatch(Sub, recorder().handler, THREE);
    const deliveries = pubsub.deliveries(Sub, { batch: THREE } as unknown as {});
    await expect(deliveries.next()).rejects.toThrow('subscribe has no option "batch"');
  });
});
