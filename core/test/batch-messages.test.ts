import { type BatchHandler, defineSubscription, defineTopic, type StandardSchema } from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { openedBatch, recorder } from "./opened-batch-worker.ts";
import { Sub, turn } from "./opened-worker.ts";

const THREE = { maxMessages: 3, maxWaitMs: 100 };
const retryPolicy = { minBackoffMs: 100, maxBackoffMs: 1000, maxRetries: 2, jitter: 0 };

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
