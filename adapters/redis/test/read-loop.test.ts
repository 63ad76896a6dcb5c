import { systemClock } from "@anytopic/core";
import { type Clock, ReceivingReports, type SubscriptionSpec } from "@anytopic/core/driver";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { subscriptionNames } from "../src/names.ts";
import { DueLooks } from "../src/publish/due-looks.ts";
import { ReadLoop, type ReadTarget } from "../src/receive/read-loop.ts";
import type { WorkerPart, WorkerSetup } from "../src/receive/worker-setup.ts";
import { type Opened, opened } from "./opened.ts";
import { addressOf, RedisServers } from "./redis-servers.ts";

const servers = new RedisServers();
const server = await servers.startOrSkip();

const SPEC: SubscriptionSpec = {
  name: "mail",
  physicalName: "mail",
  topic: { name: "loop", physicalName: "loop", ordered: false, exactlyOnce: false, retentionMs: 60_000, replay: false },
  ackDeadlineMs: 1000,
  maxRetries: 1,
  maxBackoffMs: 1000,
};

/** Real time that a test can move forward. */
class MovableClock implements Clock {
  skipMs = 0;

  now(): number {
    return systemClock.now();
  }
  monotonicNow(): number {
    return systemClock.monotonicNow() + this.skipMs;
  }
  setTimer(callback: () => void, delayMs: number, keepAlive?: boolean): unknown {
    return systemClock.setTimer(callback, delayMs, keepAlive);
  }
  clearTimer(handle: unknown): void {
    systemClock.clearTimer(handle);
  }
}

describe.skipIf(server === undefined)("the loop of a worker", () => {
  let one: Opened;
  beforeAll(async () => {
    one = await opened({ servers: addressOf(server as never) });
  });
  afterAll(async () => {
    await one[Symbol.asyncDispose]();
    await servers.close();
  });

  function loopOf(target: Partial<ReadTarget>): { readonly loop: ReadLoop; readonly clock: MovableClock } {
    const clock = new MovableClock();
    const connection = new Proxy(one.connection, {
      get(real, name) {
        if (name === "context") return { ...real.context, clock };
        const value: unknown = Reflect.get(real, name, real);
        return typeof value === "function" ? value.bind(real) : value;
      },
    });
    const sink = { deliver() {}, revoke: () => true, revokeAll() {}, failing() {}, receiving() {} };
    const names = subscriptionNames("", SPEC);
    const dueLooks = new DueLooks(connection);
    const setup: WorkerSetup = { connection, dueLooks, names, spec: SPEC, sink, maxOutstanding: 1 };
    const whole: ReadTarget = { room: () => 1, fetch: async () => [], entries() {}, async recover() {}, ...target };
    return { loop: new ReadLoop(setup, whole, new ReceivingReports<WorkerPart>(sink)), clock };
  }

  test("that has stopped is overdue, and one that has no room or goes round is not", async () => {
    const gate = Promise.withResolvers<readonly never[]>();
    let asked = 0;
    const stuck = loopOf({
      async fetch() {
        asked += 1;
        return gate.promise;
      },
    });
    stuck.loop.start();
    await expect.poll(() => asked).toBe(1);
    expect(stuck.loop.overdueMs()).toBe(0);
    stuck.clock.skipMs = 3_600_000;
    expect(stuck.loop.overdueMs()).toBeGreaterThan(3_500_000);
    const stopped = stuck.loop.stop();
    expect(stuck.loop.overdueMs()).toBe(0);
    gate.resolve([]);
    await stopped;

    const full = loopOf({ room: () => 0 });
    full.loop.start();
    await Promise.resolve();
    full.clock.skipMs = 3_600_000;
    expect(full.loop.overdueMs()).toBe(0);
    await full.loop.stop();
  });
});
