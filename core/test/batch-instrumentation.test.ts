import { AsyncLocalStorage } from "node:async_hooks";

import {
  type AttemptInfo,
  type BatchHandler,
  type BatchOutcome,
  type Instrumentation,
  Reject,
  RetryAfter,
} from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { AttemptRecorder } from "./attempt-recorder.ts";
import { openedBatch } from "./opened-batch-worker.ts";
import { Sub, turn } from "./opened-worker.ts";

const deliver = async (
  instrumentation: readonly Instrumentation[],
  handler: BatchHandler<object>,
  ids: readonly string[] = ["a", "b", "c"],
) => {
  const recorder = new AttemptRecorder();
  const open = await openedBatch(Sub, handler, { maxMessages: 3 }, { instrumentation: [recorder, ...instrumentation] });
  for (const id of ids) open.adapter.deliver(id === "bad" ? { id, body: Buffer.from("{") } : { id });
  await turn();
  return { ...open, recorder };
};

describe("instrumentations of a batch", () => {
  it("see each message: its begin, its own outcome, and the batch that it shares", async () => {
    const seen: AttemptInfo[] = [];
    const watch: Instrumentation = {
      handle(attempt, run) {
        seen.push(attempt);
        return run();
      },
    };
    const outcomes: BatchOutcome[] = ["ack", new Reject("never"), new RetryAfter(5)];
    const { recorder, adapter } = await deliver([watch], () => outcomes);
    expect(recorder.outcomes.toSorted()).toEqual(["handler ack", "handler dead-letter rejected", "handler retry"]);
    expect(recorder.ends.map(({ id }) => id).toSorted()).toEqual(["a", "b", "c"]);
    expect(seen.map(({ batch }) => batch)).toEqual([{ messages: 3 }, { messages: 3 }, { messages: 3 }]);
    expect(new Set(seen.map(({ batch }) => batch)).size).toBe(1);
    expect(adapter.letters.map(({ id }) => id)).toEqual(["b"]);
  });

  it("see the message that cannot be decoded as skipped", async () => {
    const { recorder } = await deliver([], () => undefined, ["a", "bad", "c"]);
    expect(recorder.outcomes.toSorted()).toEqual(["handler ack", "handler ack", "skip dead-letter undecodable"]);
  });

  it("may wait: the handler starts when the last message is in, in the order of the messages", async () => {
    const gates = new Map(["a", "b", "c"].map((id) => [id, Promise.withResolvers<void>()]));
    const calls: string[][] = [];
    const slow: Instrumentation = {
      async handle({ id }, run) {
        await gates.get(id)?.promise;
        return await run();
      },
    };
    const { adapter } = await deliver([slow], (_, contexts) => void calls.push(contexts.map(({ id }) => id)));
    for (const id of ["c", "b"]) gates.get(id)?.resolve();
    await turn();
    expect(calls).toEqual([]);
    gates.get("a")?.resolve();
    await turn();
    expect(calls).toEqual([["a", "b", "c"]]);
    expect(adapter.settles.map(({ how }) => how)).toEqual(["ack", "ack", "ack"]);
  });

  it.each([["at once"], ["later"]])("may reject one message %s: the others are handled", async (when) => {
    const calls: string[][] = [];
    const strict: Instrumentation = {
      handle({ id }, run) {
        if (id !== "b") return run();
        if (when === "at once") throw new Reject("not this one");
        return turn().then(() => {
          throw new Reject("not this one");
        });
      },
    };
    const { adapter } = await deliver([strict], (_, contexts) => void calls.push(contexts.map(({ id }) => id)));
    await turn();
    expect(calls).toEqual([["a", "c"]]);
    expect(adapter.letters.map(({ id }) => id)).toEqual(["b"]);
  });

  it("decide about a message after the handler: a transaction that cannot commit fails its attempt alone", async () => {
    const commit: Instrumentation = {
      async handle({ id }, run) {
        await run();
        if (id === "b") throw new Error("not committed");
      },
    };
    const { adapter } = await deliver([commit], () => undefined);
    await turn();
    expect(Object.fromEntries(adapter.settles.map(({ id, how }) => [id, how]))).toEqual({
      a: "ack",
      b: "retry",
      c: "ack",
    });
  });

  it("that lose a message while another waits do not let it be handled", async () => {
    const gate = Promise.withResolvers<void>();
    const calls: string[][] = [];
    const slow: Instrumentation = {
      async handle({ id }, run) {
        if (id === "c") await gate.promise;
        return await run();
      },
    };
    const recorder = new AttemptRecorder();
    const handler: BatchHandler<object> = (_, contexts) => void calls.push(contexts.map(({ id }) => id));
    const { adapter, worker } = await openedBatch(
      Sub,
      handler,
      { maxMessages: 3 },
      { instrumentation: [recorder, slow] },
    );
    const [a] = ["a", "b", "c"].map((id) => adapter.deliver({ id }));
    await turn();
    if (a !== undefined) adapter.sink.revoke(a);
    gate.resolve();
    await turn();
    expect(calls).toEqual([["b", "c"]]);
    expect(adapter.settles.map(({ id }) => id)).toEqual(["b", "c"]);
    expect(worker.health()).toMatchObject({ running: 0, abandoned: 0, waiting: 0 });
    expect(recorder.ends.map(({ id, end }) => `${id} ${end.outcome}`).toSorted()).toEqual(["a lost", "b ack", "c ack"]);
  });

  it("run the handler in the context of the last message", async () => {
    const storage = new AsyncLocalStorage<string>();
    let inside: string | undefined;
    const scoped: Instrumentation = { handle: ({ id }, run) => storage.run(id, run) };
    await deliver([scoped], async () => {
      await turn();
      inside = storage.getStore();
    });
    await turn();
    expect(inside).toBe("c");
  });
});
