import {
  type CircuitPolicyOptions,
  connect,
  defineSubscription,
  defineTopic,
  type HandlerContext,
  type PubSub,
  type PubSubEvent,
  Reject,
  RetryAfter,
  VirtualClock,
  type Worker,
} from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { opened, Sub, turn } from "./opened-worker.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";

interface Opened {
  readonly adapter: ScriptedAdapter;
  readonly clock: VirtualClock;
  readonly pubsub: PubSub;
  readonly worker: Worker;
  /** The ids of messages that started. */
  readonly started: string[];
  readonly states: () => string[];
}

async function withCircuit(
  circuit: CircuitPolicyOptions,
  handler: (context: HandlerContext) => unknown,
  maxConcurrency = 10,
): Promise<Opened> {
  const adapter = new ScriptedAdapter();
  const clock = new VirtualClock();
  const events: PubSubEvent[] = [];
  const pubsub = await connect(adapter, { clock, observer: (event) => void events.push(event) });
  const started: string[] = [];
  const handle = (_event: object, context: HandlerContext): unknown => {
    started.push(context.id);
    return handler(context);
  };
  const worker = await pubsub.subscribe(Sub, handle as () => void, { circuit, maxConcurrency });
  const states = (): string[] => events.flatMap((event) => (event.type === "circuit" ? [event.state] : []));
  return { adapter, clock, pubsub, worker, started, states };
}

const fail = (): never => {
  throw new Error("the database is down");
};

describe("circuit", () => {
  it("opens after failures in a row, holds everything, tries one, and closes when that succeeds", async () => {
    let up = false;
    const { adapter, clock, pubsub, worker, started, states } = await withCircuit({ failures: 2, openMs: 1000 }, () =>
      up ? undefined : fail(),
    );
    for (const id of ["a", "b", "c", "d"]) adapter.deliver({ id });
    expect(started).toEqual(["a", "b"]);
    expect(adapter.settles.map(({ how }) => how)).toEqual(["retry", "retry"]);
    expect(worker.health()).toMatchObject({
      state: "receiving",
      waiting: 2,
      circuit: { state: "open", failures: 2, openForMs: 1000 },
    });
    expect(pubsub.health().status).toBe("degraded");
    await clock.advance(999);
    expect(started).toHaveLength(2);
    await clock.advance(1);
    expect(started).toEqual(["a", "b", "c"]);
    expect(worker.health().circuit).toEqual({ state: "open", failures: 3, openForMs: 2000 });
    up = true;
    await clock.advance(2000);
    expect(started).toEqual(["a", "b", "c", "d"]);
    expect(worker.health().circuit).toEqual({ state: "closed", failures: 0, openForMs: 0 });
    expect(pubsub.health().status).toBe("up");
    expect(states()).toEqual(["open", "half-open", "open", "half-open", "closed"]);
    await pubsub.close();
    expect(clock.pending).toBe(0);
  });

  it("stays open for twice as long each time, up to the longest", async () => {
    const { adapter, clock, worker, pubsub } = await withCircuit({ failures: 1, openMs: 1000, maxOpenMs: 3000 }, fail);
    for (const id of ["a", "b", "c", "d", "e"]) adapter.deliver({ id });
    const openFor: (number | undefined)[] = [];
    for (let times = 0; times < 4; times += 1) {
      const { openForMs = 0 } = worker.health().circuit ?? {};
      openFor.push(openForMs);
      await clock.advance(openForMs);
    }
    expect(openFor).toEqual([1000, 2000, 3000, 3000]);
    await pubsub.close();
  });

  it("lets no more than its probes start, and closes when all of them have succeeded", async () => {
    const finishes: (() => void)[] = [];
    let up = false;
    const { adapter, clock, worker, started, pubsub } = await withCircuit(
      { failures: 1, openMs: 1000, probes: 2 },
      () => (up ? new Promise<void>((resolve) => finishes.push(resolve)) : fail()),
    );
    for (const id of ["a", "b", "c", "d", "e"]) adapter.deliver({ id });
    up = true;
    await clock.advance(1000);
    expect(started).toEqual(["a", "b", "c"]);
    finishes[0]?.();
    await turn();
    // One has succeeded and one runs: a third would be one too many.
    expect(started).toEqual(["a", "b", "c"]);
    expect(worker.health().circuit?.state).toBe("half-open");
    finishes[1]?.();
    await turn();
    expect(started).toEqual(["a", "b", "c", "d", "e"]);
    expect(worker.health().circuit?.state).toBe("closed");
    await pubsub.close({ timeoutMs: 0 });
  });

  it("does not count what says something about one message only", async () => {
    const throws: unknown[] = [
      new Reject("bad"),
      new RetryAfter(50),
      new Error("1"),
      new RetryAfter(50),
      new Error("2"),
    ];
    const { adapter, worker } = await withCircuit({ failures: 2 }, () => {
      throw throws.shift();
    });
    for (const id of ["a", "b", "c", "d"]) {
      adapter.deliver({ id });
      await turn();
    }
    expect(worker.health().circuit).toMatchObject({ state: "closed", failures: 1 });
    // RetryAfter in between does not reset the count.
    adapter.deliver({ id: "e" });
    expect(worker.health().circuit).toMatchObject({ state: "open", failures: 2 });
  });

  it("lets another probe start when one has said nothing", async () => {
    const throws: unknown[] = [new Error("down"), new Reject("bad"), new RetryAfter(50)];
    const { adapter, clock, started, worker } = await withCircuit({ failures: 1, openMs: 1000 }, () => {
      const thrown = throws.shift();
      if (thrown !== undefined) throw thrown;
    });
    for (const id of ["a", "b", "c", "d"]) adapter.deliver({ id });
    await clock.advance(1000);
    expect(started).toEqual(["a", "b", "c", "d"]);
    expect(worker.health().circuit?.state).toBe("closed");
  });

  it("lets another probe start when one was lost", async () => {
    let up = false;
    const { adapter, clock, started, pubsub } = await withCircuit({ failures: 1, openMs: 1000 }, () =>
      up ? new Promise<void>(() => {}) : fail(),
    );
    adapter.deliver({ id: "a" });
    const probe = adapter.deliver({ id: "b" });
    adapter.deliver({ id: "c" });
    up = true;
    await clock.advance(1000);
    expect(started).toEqual(["a", "b"]);
    adapter.sink.revoke(probe);
    await clock.advance(20_000);
    expect(started).toEqual(["a", "b", "c"]);
    await pubsub.close({ timeoutMs: 0 });
  });

  it("counts handlers that are past their time", async () => {
    const { adapter, clock, worker, pubsub } = await withCircuit({ failures: 2 }, () => new Promise<void>(() => {}));
    adapter.deliver({ id: "a" });
    adapter.deliver({ id: "b" });
    await clock.advance(11_000);
    expect(worker.health().circuit).toMatchObject({ state: "open", failures: 2 });
    await pubsub.close({ timeoutMs: 0 });
  });

  it("takes no notice of attempts that started before it opened", async () => {
    const ends: ((error?: Error) => void)[] = [];
    const { adapter, clock, worker, states, pubsub } = await withCircuit(
      { failures: 1, openMs: 1000 },
      () =>
        new Promise<void>((resolve, reject) => ends.push((error) => (error === undefined ? resolve() : reject(error)))),
    );
    for (const id of ["a", "b", "c"]) adapter.deliver({ id });
    ends[0]?.(new Error("down"));
    await turn();
    ends[1]?.(new Error("down"));
    await turn();
    expect(worker.health().circuit).toMatchObject({ state: "open", failures: 1, openForMs: 1000 });
    await clock.advance(1000);
    adapter.deliver({ id: "d" });
    ends[2]?.(new Error("down"));
    await turn();
    expect(worker.health().circuit?.state).toBe("half-open");
    ends[3]?.();
    await turn();
    expect(states()).toEqual(["open", "half-open", "closed"]);
    await pubsub.close();
  });

  it("does nothing any more when its worker closes", async () => {
    const { promise, reject } = Promise.withResolvers<void>();
    const { adapter, clock, worker, states } = await withCircuit({ failures: 1 }, () => promise);
    adapter.deliver({ id: "a" });
    const closed = worker.close();
    reject(new Error("down"));
    await closed;
    expect(adapter.settles).toMatchObject([{ id: "a", how: "retry" }]);
    expect(states()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("goes on while the worker is paused, and probes when it receives again", async () => {
    let up = false;
    const { adapter, clock, worker, started, pubsub } = await withCircuit({ failures: 1, openMs: 1000 }, () =>
      up ? undefined : fail(),
    );
    adapter.deliver({ id: "a" });
    adapter.deliver({ id: "b" });
    await worker.pause();
    expect(adapter.settles.at(-1)).toMatchObject({ id: "b", how: "release" });
    expect(pubsub.health().status).toBe("up");
    await clock.advance(5000);
    expect(worker.health()).toMatchObject({ state: "paused", circuit: { state: "half-open" } });
    await worker.resume();
    up = true;
    adapter.deliver({ id: "b" });
    adapter.deliver({ id: "c" });
    await turn();
    expect(started).toEqual(["a", "b", "c"]);
    expect(worker.health().circuit?.state).toBe("closed");
  });

  it("spends nothing of the rate while it is open", async () => {
    const adapter = new ScriptedAdapter();
    const clock = new VirtualClock();
    const pubsub = await connect(adapter, { clock });
    const started: string[] = [];
    let up = false;
    const handler = (_event: object, { id }: HandlerContext): void => {
      started.push(id);
      if (!up) fail();
    };
    const both = defineSubscription(defineTopic<object>("events"), "both", {
      rate: { max: 2, perMs: 1000 },
      circuit: { failures: 1, openMs: 100 },
    });
    await pubsub.subscribe(both, handler);
    for (const id of ["a", "b", "c", "d"]) adapter.deliver({ id });
    up = true;
    await clock.advance(100);
    expect(started).toEqual(["a", "b"]);
    await clock.advance(900);
    expect(started).toEqual(["a", "b", "c"]);
    await clock.advance(100);
    expect(started).toEqual(["a", "b", "c", "d"]);
    await pubsub.close();
  });

  it("counts each message of a batch, and probes with a batch of as many", async () => {
    const adapter = new ScriptedAdapter();
    const clock = new VirtualClock();
    const pubsub = await connect(adapter, { clock });
    const batches: string[][] = [];
    let up = false;
    const worker = await pubsub.subscribe(
      Sub,
      (_events, contexts) => {
        batches.push(contexts.map(({ id }) => id));
        if (!up) fail();
      },
      { batch: { maxMessages: 3, maxWaitMs: 10 }, circuit: { failures: 3, openMs: 1000 } },
    );
    for (const id of ["a", "b", "c", "d", "e", "f", "g"]) adapter.deliver({ id });
    await turn();
    expect(batches).toEqual([["a", "b", "c"]]);
    expect(worker.health().circuit).toMatchObject({ state: "open", failures: 3 });
    up = true;
    await clock.advance(1000);
    expect(batches.slice(1)).toEqual([["d"], ["e", "f", "g"]]);
    expect(worker.health().circuit?.state).toBe("closed");
    adapter.deliver({ id: "h" });
    await worker.pause();
    expect(adapter.settles.at(-1)).toMatchObject({ id: "h", how: "release" });
    await pubsub.close();
    expect(clock.pending).toBe(0);
  });

  it.each([
    [{ failures: 0 }, "circuit.failures is 0: must be a whole number from 1 to 100000"],
    [{ openMs: 5000, maxOpenMs: 4000 }, "circuit.maxOpenMs is 4000: must be a whole number from 5000 to 3600000 ms"],
    [{ treshold: 1 }, 'circuit has no option "treshold"'],
    [true, "circuit must be an object"],
  ])("refuses %o", async (circuit, message) => {
    const { pubsub } = await opened(Sub, () => {});
    await expect(pubsub.subscribe(Sub, () => {}, { circuit: circuit as never })).rejects.toThrow(message);
  });
});
