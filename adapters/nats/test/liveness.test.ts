import { randomUUID } from "node:crypto";
import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { createTcpProxy } from "@anytopic/conformance";
import { connect, defineSubscription, defineTopic, type PubSub, systemClock, VirtualClock } from "@anytopic/core";
import { type Clock, ReceivingReports, type TimerHandle } from "@anytopic/core/driver";
import { nats } from "@anytopic/nats";
import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { PullLoop, type WorkerPart } from "../src/receive/pull-loop.ts";

const broker = await startBrokerOrSkip("nats");

/** Real time that a test can move forward, so that an hour passes at once. Timers run as always. */
class MovableClock implements Clock {
  skipMs = 0;

  now(): number {
    return systemClock.now() + this.skipMs;
  }
  monotonicNow(): number {
    return systemClock.monotonicNow() + this.skipMs;
  }
  setTimer(callback: () => void, delayMs: number, keepAlive?: boolean): TimerHandle {
    return systemClock.setTimer(callback, delayMs, keepAlive);
  }
  clearTimer(handle: TimerHandle): void {
    systemClock.clearTimer(handle);
  }
}

describe.skipIf(broker === undefined)("liveness of a worker", () => {
  const { url, host, port } = broker as Broker;
  afterAll(() => (broker as Broker).close());

  async function worker(
    servers: string,
    handler: () => unknown,
    ordered = false,
  ): Promise<{
    readonly pubsub: PubSub;
    readonly clock: MovableClock;
    readonly publish: () => Promise<string>;
    readonly stuck: () => unknown;
  }> {
    const clock = new MovableClock();
    const pubsub = await connect(nats({ servers, pingIntervalMs: 3000 }), { clock });
    onTestFinished(() => pubsub.close({ timeoutMs: 0 }));
    const orderingKey = ordered ? { orderingKey: () => "k" } : {};
    const Topic = defineTopic<number>(`liveness-${randomUUID().slice(0, 8)}`, orderingKey);
    const Sub = defineSubscription(Topic, "work", { maxConcurrency: 1, ackDeadlineMs: 600_000 });
    await pubsub.subscribe(Sub, async () => void (await handler()), { prefetch: 0 });
    return {
      pubsub,
      clock,
      publish: () => pubsub.publish(Topic, 1),
      stuck: () => pubsub.health().subscriptions[0]?.stuck,
    };
  }

  test.each([false, true])(
    "an idle worker is not stuck, ordered: %s",
    async (ordered) => {
      const { stuck, publish } = await worker(url, () => {}, ordered);
      await vi.waitUntil(() => stuck() === undefined, { timeout: 5000 });
      await publish();
      // Every request ends after 10 s, so at least one heartbeat must have come before an hour.
      await new Promise((resolve) => setTimeout(resolve, 3500));
      expect(stuck()).toBeUndefined();
    },
    30_000,
  );

  test("a worker whose places are taken for an hour is not stuck", async () => {
    const gate = Promise.withResolvers<void>();
    const { pubsub, clock, publish, stuck } = await worker(url, () => gate.promise);
    await publish();
    await publish();
    await vi.waitUntil(() => pubsub.health().subscriptions[0]?.running === 1, { timeout: 5000 });
    clock.skipMs = 300_000;
    expect(stuck()).toBeUndefined();
    gate.resolve();
  }, 30_000);

  test("a worker without a connection is not stuck, for however long", async () => {
    const proxy = await createTcpProxy({ targetHost: host, targetPort: port });
    onTestFinished(() => proxy.close());
    const { pubsub, clock, stuck } = await worker(`${proxy.host}:${proxy.port}`, () => {});
    await proxy.cut();
    await vi.waitUntil(() => pubsub.health().status !== "up", { timeout: 10_000 });
    clock.skipMs = 3_600_000;
    expect(stuck()).toBeUndefined();
    await proxy.heal();
    await vi.waitUntil(() => pubsub.health().status === "up", { timeout: 20_000 });
    expect(stuck()).toBeUndefined();
  }, 60_000);
});

/** The client's side of a message: a heartbeat, or the end of a request. */
interface Status {
  readonly subject: string;
  readonly headers: { readonly code: number; readonly description: string; get(name: string): string };
}

test("a loop is overdue when it has stopped, and not while heartbeats come", async () => {
  const clock = new VirtualClock();
  const context = { clock, random: () => 0.5 };
  let callback: (error: null, message: Status) => void = () => {};
  const connection = {
    context,
    options: {},
    connected: true,
    listen: () => {},
    unlisten: () => {},
    newInbox: () => "_INBOX.x",
    nc: {
      subscribe: (_subject: string, options: { readonly callback: typeof callback }) => {
        ({ callback } = options);
        return { unsubscribe: () => {} };
      },
      publish: () => {},
    },
    // A bug, of whomever: the question whether the server lives is never answered.
    flush: () => new Promise(() => {}),
  };
  const target = { room: (requested: number) => 10 - requested, message: () => {} };
  const reports = new ReceivingReports<WorkerPart>({ failing: () => {}, receiving: () => {} });
  const loop = new PullLoop(connection as never, { stream: "s", consumer: "c" }, target, reports);
  expect(loop.overdueMs()).toBe(0);
  loop.start();
  for (let heartbeat = 0; heartbeat < 200; heartbeat += 1) {
    await clock.advance(3000);
    expect(loop.overdueMs()).toBe(0);
    callback(null, { subject: "_INBOX.x.1", headers: { code: 100, description: "Idle Heartbeat", get: () => "" } });
  }
  await clock.advance(30_000);
  expect(loop.overdueMs()).toBe(0);
  await clock.advance(3_600_000);
  expect(loop.overdueMs()).toBeGreaterThan(3_000_000);
  connection.connected = false;
  expect(loop.overdueMs()).toBe(0);
  connection.connected = true;
  loop.abandon();
  expect(loop.overdueMs()).toBe(0);
});
