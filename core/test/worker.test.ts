import { type Clock, connect, VirtualClock } from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { KeyedSub, opened, Sub, turn } from "./opened-worker.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";

/** A wall clock that somebody sets while time goes on. */
const wallClock = (virtual: VirtualClock, setByMs: () => number): Clock => ({
  now: () => virtual.now() + setByMs(),
  monotonicNow: () => virtual.monotonicNow(),
  setTimer: (callback, delayMs) => virtual.setTimer(callback, delayMs),
  clearTimer: (handle) => virtual.clearTimer(handle),
});

describe("places", () => {
  it("runs at most maxConcurrency handlers and asks for no more than it may hold", async () => {
    let running = 0;
    let most = 0;
    const finish: (() => void)[] = [];
    const { adapter, worker } = await opened(Sub, async () => {
      most = Math.max(most, (running += 1));
      await new Promise<void>((resolve) => finish.push(resolve));
      running -= 1;
    });
    expect(adapter.maxOutstanding).toBe(4);
    for (const id of ["a", "b", "c", "d"]) adapter.deliver({ id });
    expect(worker.health()).toMatchObject({ running: 2, waiting: 2 });
    while (adapter.settles.length < 4) {
      finish.shift()?.();
      await turn();
    }
    expect(most).toBe(2);
    expect(worker.health()).toMatchObject({ running: 0, waiting: 0 });
  });

  it("runs a long line of handlers that return at once without deepening the stack", async () => {
    const { adapter } = await opened(KeyedSub, () => {});
    for (let n = 0; n < 20_000; n += 1) adapter.deliver({ id: `m${n}`, orderingKey: "k" });
    await turn();
    expect(adapter.settles).toHaveLength(20_000);
  });
});

describe("leases", () => {
  it("gives a handler its time although the wall clock was set forward, and tells its deadline by the clock as it is", async () => {
    const virtual = new VirtualClock(10_000_000);
    let setForwardMs = 0;
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter, { clock: wallClock(virtual, () => setForwardMs) });
    const deadlines: (() => Date)[] = [];
    await pubsub.subscribe(Sub, async (_event, context) => {
      deadlines.push(() => context.deadline);
      await new Promise(() => {});
    });
    adapter.deliver({ id: "a" });
    expect(deadlines[0]?.().getTime()).toBe(10_000_000 + Sub.maxHandlingMs);
    setForwardMs = 3_600_000;
    expect(deadlines[0]?.().getTime()).toBe(10_000_000 + 3_600_000 + Sub.maxHandlingMs);
    await virtual.advance(Sub.maxHandlingMs - 1);
    expect(adapter.settles).toEqual([]);
    await virtual.advance(1);
    expect(adapter.settles).toMatchObject([{ id: "a", how: "retry" }]);
  });

  it("extends what it holds every third of the deadline, and gives up a handler past its time", async () => {
    const aborted: unknown[] = [];
    const { adapter, clock, worker } = await opened(Sub, async (_event, { signal }) => {
      signal.addEventListener("abort", () => aborted.push(signal.reason));
      await new Promise(() => {});
    });
    adapter.deliver({ id: "a" });
    await clock.advance(9000);
    expect(adapter.extended.length).toBeGreaterThanOrEqual(8);
    expect(aborted).toEqual([]);
    await clock.advance(1000);
    expect(aborted).toMatchObject([{ code: "TIMEOUT" }]);
    expect(adapter.settles).toMatchObject([{ id: "a", how: "retry", delayMs: 100 }]);
    expect(worker.health()).toMatchObject({ running: 0, abandoned: 1 });
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    "refuses to extend a handler's time by %s ms",
    async (durationMs) => {
      const refused: unknown[] = [];
      const { adapter } = await opened(Sub, (_event, context) => {
        try {
          context.extend(durationMs);
        } catch (error) {
          refused.push(error);
        }
      });
      adapter.deliver({ id: "a" });
      await turn();
      expect(refused).toMatchObject([{ name: "TypeError" }]);
    },
  );

  it("gives the place of a handler past its time to the next message", async () => {
    const started: string[] = [];
    const { adapter, clock } = await opened(Sub, async (_event, { id }) => {
      started.push(id);
      await new Promise(() => {});
    });
    for (const id of ["a", "b", "c", "d"]) adapter.deliver({ id });
    expect(started).toEqual(["a", "b"]);
    await clock.advance(10_000);
    expect(started).toEqual(["a", "b", "c", "d"]);
  });

  it("forgets what is revoked, and keeps the place of a handler that still runs", async () => {
    let finish = (): void => {};
    const { adapter, worker } = await opened(Sub, () => new Promise<void>((resolve) => (finish = resolve)));
    const first = adapter.deliver({ id: "a" });
    expect(adapter.sink.revoke(first)).toBe(false);
    expect(worker.health()).toMatchObject({ running: 1, abandoned: 1 });
    expect(adapter.settles).toEqual([]);
    finish();
    await turn();
    // It succeeded: the broker may still take that.
    expect(adapter.settles).toMatchObject([{ id: "a", how: "ack" }]);
    expect(worker.health()).toMatchObject({ running: 0, abandoned: 0 });
  });
});

describe("order per key", () => {
  it("holds successors until the failed message has come back and succeeded; other keys go on", async () => {
    const order: string[] = [];
    const { adapter, clock } = await opened(KeyedSub, (_event, { id, attempt }) => {
      order.push(`${id}.${attempt}`);
      if (id === "a1" && attempt < 3) throw new Error("not yet");
    });
    adapter.deliver({ id: "a1", orderingKey: "a" });
    adapter.deliver({ id: "a2", orderingKey: "a" });
    adapter.deliver({ id: "b1", orderingKey: "b" });
    adapter.deliver({ id: "none" });
    await turn();
    expect(order).toEqual(["a1.1", "b1.1", "none.1"]);
    expect(adapter.settles[0]).toMatchObject({ id: "a1", how: "retry", delayMs: 0 });
    adapter.deliver({ id: "a1", orderingKey: "a" }, 2);
    await clock.advance(99);
    expect(order).toHaveLength(3);
    await clock.advance(1);
    adapter.deliver({ id: "a3", orderingKey: "a" });
    adapter.deliver({ id: "a1", orderingKey: "a" }, 3);
    await clock.advance(200);
    expect(order.slice(3)).toEqual(["a1.2", "a1.3", "a2.1", "a3.1"]);
  });

  it("runs a retry in time although the wall clock was set back while it was away", async () => {
    const virtual = new VirtualClock(10_000_000);
    let setBackMs = 0;
    const clock = wallClock(virtual, () => -setBackMs);
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter, { clock, random: () => 0.5 });
    const attempts: number[] = [];
    await pubsub.subscribe(KeyedSub, (_event, { attempt }) => {
      attempts.push(attempt);
      if (attempt === 1) throw new Error("not yet");
    });
    adapter.deliver({ id: "a1", orderingKey: "a" });
    setBackMs = 3_600_000;
    adapter.deliver({ id: "a1", orderingKey: "a" }, 2);
    await virtual.advance(99);
    expect(attempts).toEqual([1]);
    await virtual.advance(1);
    expect(attempts).toEqual([1, 2]);
  });

  it("lets go of a failed message that the broker delays by itself", async () => {
    const order: string[] = [];
    const { adapter, worker } = await opened(KeyedSub, (_event, { id, attempt }) => {
      order.push(`${id}.${attempt}`);
      if (attempt === 1) throw new Error("not yet");
    });
    adapter.retriesAtBroker = true;
    adapter.deliver({ id: "a1", orderingKey: "a" });
    await turn();
    expect(adapter.settles).toMatchObject([{ id: "a1", how: "retry", delayMs: 100 }]);
    expect(worker.health()).toMatchObject({ running: 0, waiting: 0 });
    adapter.deliver({ id: "a2", orderingKey: "a" }, 2);
    await turn();
    expect(order).toEqual(["a1.1", "a2.2"]);
  });

  it("gives successors back when the awaited message does not return", async () => {
    const { adapter, clock } = await opened(KeyedSub, () => {
      throw new Error("no");
    });
    adapter.deliver({ id: "a1", orderingKey: "a" });
    adapter.deliver({ id: "a2", orderingKey: "a" });
    await clock.advance(10_200);
    expect(adapter.settles.map(({ id, how }) => [id, how])).toEqual([
      ["a1", "retry"],
      ["a2", "release"],
    ]);
  });

  it("starts nothing of a key whose messages are all revoked", async () => {
    let started = 0;
    const { adapter } = await opened(KeyedSub, async () => {
      started += 1;
      await new Promise(() => {});
    });
    for (const id of ["a1", "a2", "a3"]) adapter.deliver({ id, orderingKey: "a" });
    adapter.sink.revokeAll();
    await turn();
    expect(started).toBe(1);
    adapter.deliver({ id: "a4", orderingKey: "a" });
    expect(started).toBe(2);
  });

  it("starts nothing behind a lost message when the driver revokes what is behind it in the same turn", async () => {
    const started: string[] = [];
    const { adapter } = await opened(KeyedSub, async (_event, { id, attempt }) => {
      started.push(`${id}.${attempt}`);
      if (id === "a1" && attempt === 1) await new Promise(() => {});
    });
    const [head, ...behind] = ["a1", "a2", "a3"].map((id) => adapter.deliver({ id, orderingKey: "a" }));
    if (head === undefined) throw new Error("nothing was delivered");
    expect(adapter.sink.revoke(head)).toBe(false);
    for (const follower of behind) expect(adapter.sink.revoke(follower)).toBe(true);
    await turn();
    expect(started).toEqual(["a1.1"]);
    adapter.deliver({ id: "a1", orderingKey: "a" }, 2);
    adapter.deliver({ id: "a2", orderingKey: "a" });
    await turn();
    expect(started).toEqual(["a1.1", "a1.2", "a2.1"]);
  });
});
