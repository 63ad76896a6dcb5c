import { AsyncLocalStorage } from "node:async_hooks";
import { connect, defineSubscription, defineTopic, healthHandler, PubSubError } from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { Events, KeyedSub, opened, Sub, turn } from "./opened-worker.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";
import { twoBrokers } from "./two-brokers.ts";

/** Handlers that end when the test says so. */
function handlers(): { readonly run: () => Promise<void>; readonly finish: () => void } {
  const finishes: (() => void)[] = [];
  return {
    run: () => new Promise<void>((resolve) => finishes.push(resolve)),
    finish: () => finishes.splice(0).forEach((finish) => finish()),
  };
}

describe("pause", () => {
  it("releases what has not started, and lets running handlers finish", async () => {
    const { run, finish } = handlers();
    const { adapter, worker, events } = await opened(Sub, run);
    for (const id of ["a", "b", "c"]) adapter.deliver({ id });
    await worker.pause();
    expect(adapter.settles).toMatchObject([{ id: "c", how: "release" }]);
    expect(adapter.stopped).toBe(true);
    expect(worker.health()).toMatchObject({ state: "paused", running: 2, waiting: 0 });
    adapter.deliver({ id: "late" });
    expect(adapter.settles.at(-1)).toMatchObject({ id: "late", how: "release" });
    finish();
    await turn();
    expect(adapter.settles.slice(-2)).toMatchObject([
      { id: "a", how: "ack" },
      { id: "b", how: "ack" },
    ]);
    expect(worker.health()).toMatchObject({ state: "paused", running: 0 });
    expect(events.filter(({ type }) => type === "paused")).toHaveLength(1);
  });

  it("takes no notice of a second call, and of calls after close", async () => {
    const { worker, events, pubsub } = await opened(Sub, () => {});
    await Promise.all([worker.pause(), worker.pause(), pubsub.pause(Sub)]);
    expect(events.filter(({ type }) => type === "paused")).toHaveLength(1);
    await worker.close();
    await worker.pause();
    await expect(worker.resume()).rejects.toMatchObject({ code: "CLOSED" });
    await pubsub.close();
    await expect(pubsub.pause(Sub)).rejects.toMatchObject({ code: "CLOSED" });
    await expect(pubsub.resume(Sub)).rejects.toMatchObject({ code: "CLOSED" });
  });

  it("can be called by a handler", async () => {
    const { adapter, worker } = await opened(Sub, async () => await worker.pause());
    adapter.deliver({ id: "a" });
    await expect.poll(() => adapter.settles).toMatchObject([{ id: "a", how: "ack" }]);
    expect(worker.health().state).toBe("paused");
  });

  it("is no failure: the status is up, and a paused process is alive although its handlers hang", async () => {
    const { adapter, clock, worker, pubsub } = await opened(Sub, () => new Promise<void>(() => {}));
    adapter.deliver({ id: "a" });
    adapter.deliver({ id: "b" });
    await clock.advance(25_000);
    expect(worker.health().stuck).toBe("handlers");
    await worker.pause();
    expect(pubsub.health().status).toBe("up");
    expect(healthHandler(pubsub)({ url: "/livez", method: "GET" }).status).toBe(200);
    expect(healthHandler(pubsub)({ url: "/readyz", method: "GET" }).status).toBe(200);
    await pubsub.close({ timeoutMs: 0 });
  });

  it("does not wait for a broker that answers nothing", async () => {
    const { adapter, worker, clock } = await opened(Sub, () => new Promise<void>(() => {}));
    for (const id of ["a", "b", "c"]) adapter.deliver({ id });
    adapter.settleAnswer = () => new Promise<void>(() => {});
    adapter.closing = () => new Promise<void>(() => {});
    const paused = worker.pause();
    let isPaused = false;
    void paused.then(() => (isPaused = true));
    await clock.advance(5000);
    expect(isPaused).toBe(false);
    await clock.advance(6000);
    expect(isPaused).toBe(true);
  });

  it("ends with a close that gives handlers no time", async () => {
    const { adapter, worker } = await opened(Sub, () => new Promise<void>(() => {}));
    adapter.deliver({ id: "a" });
    await worker.pause();
    await worker.close({ timeoutMs: 0 });
    expect(adapter.settles).toMatchObject([{ id: "a", how: "release" }]);
    expect(worker.health().state).toBe("closing");
    expect(adapter.openLetters).toBe(0);
  });

  it("releases what a reader of the pull form has not read", async () => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter);
    const deliveries = pubsub.deliveries(Sub);
    const first = deliveries.next();
    await expect.poll(() => pubsub.health().subscriptions).toHaveLength(1);
    adapter.deliver({ id: "read" });
    adapter.deliver({ id: "unread" });
    const { value } = await first;
    await pubsub.pause(Sub);
    expect(adapter.settles).toMatchObject([{ id: "unread", how: "release" }]);
    expect(await value?.ack()).toBe("settled");
    const second = deliveries.next();
    await pubsub.resume(Sub);
    adapter.deliver({ id: "next" });
    const { value: next } = await second;
    expect(next?.id).toBe("next");
    await next?.ack();
    await pubsub.close();
    expect((await deliveries.next()).done).toBe(true);
  });
});

describe("resume", () => {
  it("receives again, and handlers from before the pause keep their places", async () => {
    const { run, finish } = handlers();
    const { adapter, worker, events } = await opened(Sub, run);
    adapter.deliver({ id: "a" });
    await worker.pause();
    await worker.resume();
    expect(events.at(-1)?.type).toBe("resumed");
    adapter.deliver({ id: "b" });
    adapter.deliver({ id: "c" });
    expect(worker.health()).toMatchObject({ state: "receiving", running: 2, waiting: 1 });
    finish();
    await turn();
    expect(worker.health()).toMatchObject({ running: 1, waiting: 0 });
    finish();
    await turn();
    expect(adapter.settles.map(({ id, how }) => `${how} ${id}`)).toEqual(["ack a", "ack b", "ack c"]);
    // Three times in a row, with a handler that runs through all of them.
    adapter.deliver({ id: "d" });
    for (let times = 0; times < 3; times += 1) {
      await worker.pause();
      await worker.resume();
    }
    for (const id of ["e", "f"]) adapter.deliver({ id });
    expect(worker.health()).toMatchObject({ running: 2, waiting: 1 });
    finish();
    await turn();
    finish();
    await worker.close();
    expect(adapter.openLetters).toBe(0);
  });

  it("runs handlers in the async context of subscribe", async () => {
    const request = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const { adapter, worker } = await request.run("subscriber", () =>
      opened(Sub, () => void seen.push(request.getStore())),
    );
    await worker.pause();
    await request.run("operator", () => worker.resume());
    request.run("broker", () => adapter.deliver({ id: "a" }));
    await worker.close();
    expect(seen).toEqual(["subscriber"]);
  });

  it("rejects when the subscription is gone, and the worker stays paused", async () => {
    const { adapter, worker, events } = await opened(Sub, () => {});
    await worker.pause();
    const gone = Promise.reject(new PubSubError("NOT_FOUND", "no such subscription"));
    gone.catch(() => {});
    adapter.subscribing = gone;
    await expect(worker.resume()).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(worker.health().state).toBe("paused");
    adapter.subscribing = undefined;
    await worker.resume();
    expect(worker.health().state).toBe("receiving");
    expect(events.map(({ type }) => type)).toEqual(["paused", "resumed"]);
    await worker.close();
    expect(adapter.openLetters).toBe(0);
  });

  it("waits for the connection as subscribe does, and a pause or a close ends the wait", async () => {
    const { adapter, worker } = await opened(Sub, () => {});
    await worker.pause();
    const connected = Promise.withResolvers<void>();
    adapter.subscribing = connected.promise;
    const resumed = worker.resume();
    await turn();
    expect(worker.health().state).toBe("paused");
    await worker.pause();
    const again = worker.resume();
    connected.resolve();
    await Promise.all([resumed, again]);
    expect(worker.health().state).toBe("receiving");
    await worker.pause();
    adapter.subscribing = new Promise<void>(() => {});
    const never = worker.resume();
    await turn();
    await worker.close();
    void never;
    expect(worker.health().state).toBe("closing");
  });

  it("does nothing when the worker is not paused", async () => {
    const { worker, events } = await opened(Sub, () => {});
    await worker.resume();
    expect(events).toEqual([]);
  });

  it("does not wait for retries that core held before the pause", async () => {
    const { adapter, worker } = await opened(KeyedSub, () => {
      throw new Error("fails");
    });
    adapter.deliver({ id: "a", orderingKey: "k" });
    adapter.deliver({ id: "a", orderingKey: "k" }, 2);
    adapter.deliver({ id: "b", orderingKey: "k" });
    expect(worker.health().waiting).toBe(2);
    await worker.pause();
    expect(adapter.settles.slice(1)).toMatchObject([
      { id: "a", how: "release" },
      { id: "b", how: "release" },
    ]);
  });

  it("covers a worker on two connections as one", async () => {
    const Signups = defineTopic<number>("signups");
    const Mail = defineSubscription(Signups, "mail", { maxConcurrency: 2 });
    const brokers = twoBrokers();
    const topics = { signups: { subscriptions: { mail: { connections: ["a", "b"] } } } };
    await using pubsub = await connect({ config: { ...brokers, topics }, declarations: [Mail] });
    await using onlyB = await connect({ config: { ...brokers, topics: { signups: { connection: "b" } } } });
    const seen: number[] = [];
    const worker = await pubsub.subscribe(Mail, (event) => void seen.push(event));
    await worker.pause();
    expect(pubsub.health().subscriptions.map(({ state }) => state)).toEqual(["paused", "paused"]);
    expect(worker.health().state).toBe("paused");
    await pubsub.publish(Signups, 1);
    await onlyB.publish(Signups, 2);
    await turn();
    expect(seen).toEqual([]);
    await worker.resume();
    await expect.poll(() => seen.toSorted((a, b) => a - b)).toEqual([1, 2]);
  });
});

it("refuses what is no subscription", async () => {
  const { pubsub } = await opened(Sub, () => {});
  await expect(pubsub.pause(Events as never)).rejects.toThrow(TypeError);
  await expect(pubsub.resume("sub" as never)).rejects.toThrow(TypeError);
});
