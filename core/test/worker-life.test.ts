import { getEventListeners } from "node:events";

import { connect } from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { Events, opened, Sub, turn } from "./opened-worker.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";

describe("close", () => {
  it("gives back what has not started, waits for handlers, and settles them", async () => {
    const finish: (() => void)[] = [];
    const { adapter, worker } = await opened(Sub, () => new Promise<void>((resolve) => finish.push(resolve)));
    for (const id of ["a", "b", "c"]) adapter.deliver({ id });
    const closed = worker.close();
    await turn();
    expect(adapter.settles).toMatchObject([{ id: "c", how: "release" }]);
    expect(adapter.stopped).toBe(true);
    adapter.deliver({ id: "late" });
    expect(adapter.settles.at(-1)).toMatchObject({ id: "late", how: "release" });
    for (const resolve of finish) resolve();
    await worker.close({ timeoutMs: 0 });
    await closed;
    await worker.closed;
  });

  it("gives up handlers past the deadline", async () => {
    let signal: AbortSignal | undefined;
    const { adapter, worker, clock } = await opened(Sub, (_event, context) => {
      signal = context.signal;
      return new Promise<void>(() => {});
    });
    adapter.deliver({ id: "a" });
    const closed = worker.close({ timeoutMs: 500 });
    await turn();
    await clock.advance(500);
    await closed;
    expect(signal?.reason).toMatchObject({ code: "CLOSED" });
    expect(adapter.settles).toMatchObject([{ id: "a", how: "release" }]);
  });
});

describe("close, when the broker confirms nothing", () => {
  it("ends all the same", async () => {
    const { adapter, worker, clock } = await opened(Sub, () => {});
    adapter.settleAnswer = () => new Promise<void>(() => {});
    adapter.deliver({ id: "a" });
    let closed = false;
    const closing = worker.close().then(() => (closed = true));
    await turn();
    await clock.advance(4999);
    await turn();
    expect(closed).toBe(false);
    // One budget for all steps, and for each a moment to give up.
    await clock.advance(1000);
    await closing;
  });
});

describe("wrong options and signals", () => {
  it("refuses a wrong time to close and can still be closed", async () => {
    const { adapter, worker, pubsub } = await opened(Sub, () => {});
    await expect(worker.close({ timeoutMs: -1 })).rejects.toThrow(TypeError);
    await expect(pubsub.close({ timeoutMs: 0.5 })).rejects.toThrow(TypeError);
    expect([adapter.stopped, worker.health().state, pubsub.health().status]).toEqual([false, "receiving", "up"]);
    await worker.close();
    await worker.closed;
    expect(adapter.stopped).toBe(true);
    await pubsub.close();
  });

  it("leaves no listener on a signal that outlives the worker", async () => {
    const pubsub = await connect(new ScriptedAdapter());
    const { signal } = new AbortController();
    for (let opening = 0; opening < 3; opening++) {
      const worker = await pubsub.subscribe(Sub, () => {}, { signal });
      expect(getEventListeners(signal, "abort")).toHaveLength(1);
      await worker.close();
    }
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("stops waiting for an opening when the signal aborts or the connection closes, and closes what opens late", async () => {
    const adapter = new ScriptedAdapter();
    const { promise: broker, resolve: answer } = Promise.withResolvers<void>();
    adapter.opening = broker;
    const pubsub = await connect(adapter);
    const abort = new AbortController();
    const { signal } = abort;
    const rejections = [
      pubsub.subscribe(Sub, () => {}, { signal }),
      pubsub.publish(Events, {}, { signal }),
      pubsub.deliveries(Sub, { signal }).next(),
      pubsub.deadLetters(Sub).redrive({ signal }),
    ].map(async (call) => await call.catch((error: unknown) => error));
    const batch = pubsub.publishBatch(Events, [{ event: {} }], { signal });
    await turn();
    const reason = new Error("too slow");
    abort.abort(reason);
    expect(await Promise.all(rejections)).toEqual([reason, reason, reason, reason]);
    expect(await batch).toEqual([{ ok: false, error: reason }]);
    const unfinished = [
      pubsub.subscribe(Sub, () => {}).catch((error: unknown) => error),
      pubsub
        .deadLetters(Sub)
        .count()
        .catch((error: unknown) => error),
    ];
    await turn();
    const closed = pubsub.close();
    expect(await Promise.all(unfinished)).toMatchObject([{ code: "CLOSED" }, { code: "CLOSED" }]);
    answer();
    await closed;
    await turn();
    expect(adapter.openLetters).toBe(0);
  });

  it("stops a subscriber that opens while its handlers are waited for", async () => {
    const adapter = new ScriptedAdapter();
    const { promise: broker, resolve: answer } = Promise.withResolvers<void>();
    adapter.subscribing = broker;
    const pubsub = await connect(adapter);
    const { promise: handled, resolve: finish } = Promise.withResolvers<void>();
    const subscribing = pubsub.subscribe(Sub, () => handled).catch(() => {});
    await turn();
    adapter.deliver({ id: "a" });
    const closed = pubsub.close();
    answer();
    await turn();
    expect(adapter.stopped).toBe(true);
    finish();
    await closed;
    await subscribing;
    expect(adapter.settles).toMatchObject([{ id: "a", how: "ack" }]);
  });

  it("opens dead letters once, however often they are asked for, and again after a failure", async () => {
    const adapter = new ScriptedAdapter();
    adapter.opening = Promise.reject(new Error("not now"));
    const pubsub = await connect(adapter);
    await expect(pubsub.deadLetters(Sub).count()).rejects.toThrow("not now");
    adapter.opening = undefined;
    for (let round = 0; round < 3; round += 1) await pubsub.deadLetters(Sub).count();
    expect(adapter.openLetters).toBe(1);
    await pubsub.close();
    expect(adapter.openLetters).toBe(0);
  });
});

describe("the pull form", () => {
  it("gives back at once what nobody has read when its connection closes, and waits for what was read", async () => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter);
    const deliveries = pubsub.deliveries(Sub);
    const first = deliveries.next();
    await turn();
    for (const id of ["read", "unread"]) adapter.deliver({ id });
    const { value } = await first;
    const closed = pubsub.close();
    await turn();
    expect(adapter.settles).toMatchObject([{ id: "unread", how: "release" }]);
    expect(await value?.ack()).toBe("settled");
    await closed;
    expect(adapter.settles).toMatchObject([{ how: "release" }, { id: "read", how: "ack" }]);
    expect(await deliveries.next()).toEqual({ done: true, value: undefined });
  });

  it("yields deliveries, settles once, and gives back the rest", async () => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter);
    const deliveries = pubsub.deliveries(Sub);
    const first = deliveries.next();
    await turn();
    adapter.deliver({ id: "a" });
    adapter.deliver({ id: "b" });
    const { value } = await first;
    expect(await value?.ack()).toBe("settled");
    expect(await value?.retry()).toBe("already-settled");
    await deliveries.close();
    expect(adapter.settles).toMatchObject([
      { id: "a", how: "ack" },
      { id: "b", how: "release" },
    ]);
    expect(await deliveries.next()).toEqual({ done: true, value: undefined });
  });

  it("rejects a settle of what was lost", async () => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter);
    const deliveries = pubsub.deliveries(Sub);
    const first = deliveries.next();
    await turn();
    adapter.sink.revoke(adapter.deliver({ id: "a" }));
    await expect((await first).value?.ack()).rejects.toMatchObject({ code: "LEASE_LOST" });
    expect(adapter.settles).toEqual([]);
  });

  it("passes on why it could not be opened", async () => {
    const adapter = new ScriptedAdapter({ ackDeadline: { minMs: 5000, maxMs: 6000 } });
    const pubsub = await connect(adapter);
    await expect(pubsub.deliveries(Sub).next()).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
  });
});
