import {
  type BatchHandler,
  type BatchOutcome,
  defineSubscription,
  defineTopic,
  Reject,
  RetryAfter,
  type StandardSchema,
} from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { openedBatch } from "./opened-batch-worker.ts";
import { Events, KeyedSub, Sub, turn } from "./opened-worker.ts";

const THREE = { maxMessages: 3, maxWaitMs: 100 };
const retryPolicy = { minBackoffMs: 100, maxBackoffMs: 1000, maxRetries: 2, jitter: 0 };

/** A handler that records the ids of each call, and waits when there is something to wait for. */
function recorder(result: (ids: readonly string[]) => ReturnType<BatchHandler<object>> = () => undefined) {
  const calls: string[][] = [];
  const handler: BatchHandler<object> = (_, contexts) => {
    const ids = contexts.map(({ id }) => id);
    calls.push(ids);
    return result(ids);
  };
  return { calls, handler };
}

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

describe("a message of a batch", () => {
  it("that cannot be decoded becomes a letter, and the others are handled", async () => {
    const { calls, handler } = recorder();
    const { adapter } = await openedBatch(Sub, handler, THREE);
    adapter.deliver({ id: "a" });
    adapter.deliver({ id: "bad", body: Buffer.from("{") });
    adapter.deliver({ id: "c" });
    await turn();
    expect(calls).toEqual([["a", "c"]]);
    expect(adapter.letters.map(({ id }) => id)).toEqual(["bad"]);
  });

  it("that an asynchronous schema refuses does not spoil the batch", async () => {
    const schema: StandardSchema<{ readonly ok: boolean }> = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: async (value) => {
          await turn();
          return (value as { ok: boolean }).ok ? { value: value as { ok: boolean } } : { issues: [{ message: "no" }] };
        },
      },
    };
    const Checked = defineTopic("checked", { schema });
    const CheckedSub = defineSubscription(Checked, "sub", { retryPolicy });
    const { calls, handler } = recorder();
    const { adapter } = await openedBatch(CheckedSub, handler, THREE);
    for (const ok of [true, false, true]) adapter.deliver({ id: `${ok}`, body: Buffer.from(JSON.stringify({ ok })) });
    await expect.poll(() => calls).toEqual([["true", "true"]]);
    expect(adapter.letters.map(({ id }) => id)).toEqual(["false"]);
  });

  describe("that waits for the schema of another", () => {
    const gate = (): PromiseWithResolvers<void> & { readonly sub: typeof Sub } => {
      const waiting = Promise.withResolvers<void>();
      const validate = async (value: unknown) => {
        if ((value as { readonly slow?: boolean }).slow === true) await waiting.promise;
        return { value: value as object };
      };
      const schema: StandardSchema<object> = { "~standard": { version: 1, vendor: "test", validate } };
      const { ackDeadlineMs, maxHandlingMs } = Sub;
      const options = { retryPolicy, ackDeadlineMs, maxHandlingMs };
      return { ...waiting, sub: defineSubscription(defineTopic("slow", { schema }), "sub", options) };
    };
    const SLOW = Buffer.from('{"slow":true}');

    it("and is lost meanwhile is not handled", async () => {
      const { sub, resolve } = gate();
      const { calls, handler } = recorder();
      const { adapter, worker } = await openedBatch(sub, handler, THREE);
      const [a] = ["a", "b"].map((id) => adapter.deliver({ id }));
      adapter.deliver({ id: "c", body: SLOW });
      await turn();
      if (a !== undefined) adapter.sink.revoke(a);
      resolve();
      await turn();
      expect(calls).toEqual([["b", "c"]]);
      expect(adapter.settles.map(({ id }) => id)).toEqual(["b", "c"]);
      expect(worker.health()).toMatchObject({ running: 0, abandoned: 0, waiting: 0 });
    });

    it("has all of maxHandlingMs for its handler", async () => {
      const { sub, resolve } = gate();
      const { adapter, clock } = await openedBatch(sub, () => new Promise<void>(() => {}), THREE);
      adapter.deliver({ id: "a" });
      adapter.deliver({ id: "b" });
      adapter.deliver({ id: "c", body: SLOW });
      await clock.advance(5000);
      resolve();
      await turn();
      await clock.advance(9_999);
      expect(adapter.settles).toEqual([]);
      await clock.advance(1);
      expect(adapter.settles.map(({ id, how }) => `${id} ${how}`)).toEqual(["a retry", "b retry", "c retry"]);
    });

    it("fails alone when it has waited for maxHandlingMs", async () => {
      const { sub, resolve } = gate();
      const { calls, handler } = recorder();
      const { adapter, clock, worker } = await openedBatch(sub, handler, { maxMessages: 2 });
      adapter.deliver({ id: "a" });
      await turn();
      adapter.deliver({ id: "b", body: SLOW });
      await clock.advance(10_000);
      expect(adapter.settles.map(({ id, how }) => `${id} ${how}`)).toEqual(["a retry", "b retry"]);
      resolve();
      await turn();
      expect(calls).toEqual([]);
      expect(worker.health()).toMatchObject({ running: 0, abandoned: 0, waiting: 0 });
    });
  });

  it("that loses its lease while the batch runs has its signal aborted, and the others go on", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let aborted: readonly boolean[] = [];
    const { adapter, worker, events } = await openedBatch(
      Sub,
      async (_, contexts) => {
        await promise;
        aborted = contexts.map(({ signal }) => signal.aborted);
        throw new Error("once more");
      },
      THREE,
    );
    const [, b] = ["a", "b", "c"].map((id) => adapter.deliver({ id }));
    await turn();
    if (b !== undefined) adapter.sink.revoke(b);
    expect(worker.health()).toMatchObject({ running: 1, abandoned: 1, waiting: 0 });
    resolve();
    await turn();
    expect(aborted).toEqual([false, true, false]);
    expect(adapter.settles.map(({ id }) => id)).toEqual(["a", "c"]);
    expect(events).toContainEqual(expect.objectContaining({ type: "lease-lost", id: "b" }));
    expect(worker.health()).toMatchObject({ running: 0, abandoned: 0, waiting: 0 });
  });

  it("that is lost while the batch is collected is not in it", async () => {
    const { calls, handler } = recorder();
    const { adapter, clock, worker } = await openedBatch(Sub, handler, THREE);
    const [first] = ["a", "b"].map((id) => adapter.deliver({ id }));
    if (first !== undefined) adapter.sink.revoke(first);
    await clock.advance(200);
    expect(calls).toEqual([["b"]]);
    expect(worker.health()).toMatchObject({ running: 0, waiting: 0 });
  });

  it("has maxHandlingMs from the start of the handler; an abandoned batch is one handler", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { adapter, clock, worker } = await openedBatch(Sub, () => promise, THREE);
    adapter.deliver({ id: "a" });
    adapter.deliver({ id: "b" });
    await clock.advance(100 + 9_999);
    expect(adapter.settles).toEqual([]);
    await clock.advance(1);
    expect(adapter.settles).toMatchObject([
      { id: "a", how: "retry" },
      { id: "b", how: "retry" },
    ]);
    expect(worker.health()).toMatchObject({ running: 0, abandoned: 1 });
    resolve();
    await turn();
    expect(worker.health()).toMatchObject({ running: 0, abandoned: 0 });
    expect(adapter.settles).toHaveLength(2);
  });

  it("that extends its deadline does not extend those of the others", async () => {
    const { promise } = Promise.withResolvers<void>();
    const handler: BatchHandler<object> = (_, contexts) => {
      contexts[0]?.extend(60_000);
      return promise;
    };
    const { adapter, clock } = await openedBatch(Sub, handler, { maxMessages: 2 });
    for (const id of ["a", "b"]) adapter.deliver({ id });
    await clock.advance(10_000);
    expect(adapter.settles).toMatchObject([{ id: "b", how: "retry" }]);
  });

  it("that expires while the batch is collected is dropped", async () => {
    const { calls, handler } = recorder();
    const { adapter, clock } = await openedBatch(Sub, handler, THREE);
    adapter.deliver({ id: "a" });
    adapter.deliver({ id: "b", attributes: { "anytopic-expires": String(clock.now() + 50) } });
    await clock.advance(100);
    expect(calls).toEqual([["a"]]);
    expect(adapter.settles.map(({ id }) => id).toSorted()).toEqual(["a", "b"]);
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
