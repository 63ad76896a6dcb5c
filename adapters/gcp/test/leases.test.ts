import { systemClock } from "@anytopic/core";
import type { DeliverySink, DriverDelivery, SubscriptionSpec } from "@anytopic/core/driver";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Connection } from "../src/connection.ts";
import { checkedOptions } from "../src/options.ts";
import type { Channel, WireReceived } from "../src/connection/rpc.ts";
import { GcpSubscriber } from "../src/subscriber.ts";
import { ack, retry } from "./settle.ts";

const HOUR_MS = 3_600_000;
const LEASE_MS = 10_000;

const received: WireReceived = {
  ackId: "lease-1",
  message: { data: Buffer.from("{}"), attributes: {}, messageId: "1", orderingKey: "" },
  deliveryAttempt: 1,
};

const spec: SubscriptionSpec = {
  name: "mail",
  physicalName: "mail",
  topic: {
    name: "orders",
    physicalName: "orders",
    ordered: false,
    exactlyOnce: false,
    retentionMs: HOUR_MS,
    replay: false,
  },
  ackDeadlineMs: LEASE_MS,
  maxRetries: 10,
  maxBackoffMs: 1000,
};

const ofKey = (...ids: readonly string[]): WireReceived[] =>
  ids.map((id) => ({
    ...received,
    ackId: `lease-${id}`,
    message: { ...received.message, messageId: id, orderingKey: "k" },
  }));

const OTHER: WireReceived = {
  ...received,
  ackId: "lease-other",
  message: { ...received.message, messageId: "other", orderingKey: "other" },
};

interface Worker {
  readonly subscriber: GcpSubscriber;
  readonly delivery: DriverDelivery;
  readonly delivered: readonly DriverDelivery[];
  readonly revoked: readonly DriverDelivery[];
  readonly pulls: () => number;
  /** The requests that changed deadlines. */
  readonly deadlines: readonly unknown[];
}

/** A worker that has these messages, at a service that has no more and grants everything. */
async function startWorker(messages: WireReceived[] = [received], ordered = false): Promise<Worker> {
  let pulls = 0;
  const deadlines: unknown[] = [];
  const channel: Channel = {
    call(_method, request, _options, done) {
      const isPull = "maxMessages" in (request as object);
      if (isPull) pulls += 1;
      if ("ackDeadlineSeconds" in (request as object)) deadlines.push(request);
      setImmediate(done, null, (isPull ? { receivedMessages: messages.splice(0) } : {}) as never);
      return { cancel: () => {} };
    },
    close: () => Promise.resolve(),
  };
  const connection = {
    options: checkedOptions({ projectId: "p" }),
    context: { clock: systemClock, random: () => 0.5 },
    methods: {},
    projectId: "p",
    emulator: true,
    metadata: () => undefined,
  } as unknown as Connection;
  const delivered: DriverDelivery[] = [];
  const revoked: DriverDelivery[] = [];
  const sink: DeliverySink = {
    deliver: (delivery) => void delivered.push(delivery),
    revoke: (delivery) => revoked.push(delivery) > 0,
    revokeAll: () => {},
    failing: () => {},
    receiving: () => {},
  };
  const subscriber = new GcpSubscriber(connection, channel, { ...spec, topic: { ...spec.topic, ordered } }, sink, {
    maxOutstanding: 10,
  });
  const started = subscriber.start();
  await vi.advanceTimersByTimeAsync(1);
  await started;
  const [delivery] = delivered;
  if (delivery === undefined) throw new Error("nothing was delivered");
  return { subscriber, delivery, delivered, revoked, pulls: () => pulls, deadlines };
}

const setBackTheWallClock = (): void => void vi.setSystemTime(Date.now() - HOUR_MS);
const setForwardTheWallClock = (): void => void vi.setSystemTime(Date.now() + HOUR_MS);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a lease is not trusted longer because the wall clock was set back", async () => {
  const { subscriber, delivery, revoked } = await startWorker();
  setBackTheWallClock();
  await vi.advanceTimersByTimeAsync(LEASE_MS);
  subscriber.extend([delivery]);
  expect(revoked).toEqual([delivery]);
});

test("nor is an ack under it believed", async () => {
  const { delivery } = await startWorker();
  setBackTheWallClock();
  await vi.advanceTimersByTimeAsync(LEASE_MS);
  const [outcome] = await Promise.all([Promise.allSettled([ack(delivery)]), vi.advanceTimersByTimeAsync(1)]);
  expect(outcome).toMatchObject([{ status: "rejected", reason: { code: "LEASE_LOST" } }]);
});

test("nor is an extended lease, when the clock was set back before or after it was extended", async () => {
  const { subscriber, delivery, revoked } = await startWorker();
  setBackTheWallClock();
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  subscriber.extend([delivery]);
  setBackTheWallClock();
  await vi.advanceTimersByTimeAsync(LEASE_MS);
  subscriber.extend([delivery]);
  expect(revoked).toEqual([delivery]);
});

test("what failed after its lease is not started again here, where its key had to stay", async () => {
  const { delivery, delivered, revoked } = await startWorker(ofKey("1", "2"), true);
  await vi.advanceTimersByTimeAsync(LEASE_MS);
  expect(delivery.owner.retriesAtBroker?.(delivery)).toBe(false);
  void retry(delivery, 0);
  await vi.advanceTimersByTimeAsync(1);
  // Core waits for it, so that it is told that it came, and that it was lost. What is behind it goes with it.
  expect(delivered).toHaveLength(3);
  expect(revoked).toEqual([delivered[2], delivered[1]]);
});

test("a lease is not given up because the wall clock was set forward", async () => {
  const { subscriber, delivery, revoked } = await startWorker();
  setForwardTheWallClock();
  subscriber.extend([delivery]);
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  const acked = ack(delivery);
  await vi.advanceTimersByTimeAsync(1);
  await acked;
  expect(revoked).toEqual([]);
});

test("an idle subscription is asked on when the wall clock was set back", async () => {
  const { pulls } = await startWorker();
  await vi.advanceTimersByTimeAsync(1000);
  const before = pulls();
  setBackTheWallClock();
  await vi.advanceTimersByTimeAsync(1000);
  expect(pulls()).toBeGreaterThan(before + 5);
});

test("when a message of a key is lost, those behind it are taken back, and no others", async () => {
  const { subscriber, delivered, revoked, deadlines } = await startWorker([...ofKey("1", "2", "3"), OTHER], true);
  const [first, second, third, other] = delivered as [DriverDelivery, DriverDelivery, DriverDelivery, DriverDelivery];
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  subscriber.extend([first, third, other]);
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  subscriber.extend([first, second, third, other]);
  await vi.advanceTimersByTimeAsync(100);
  // The first was renewed, and goes on.
  expect(revoked).toEqual([second, third]);
  expect(deadlines).toContainEqual(expect.objectContaining({ ackIds: ["lease-3"], ackDeadlineSeconds: 1 }));
});

test.for(["ack", "release"] as const)("also when it is found in the %s that comes too late", async (how) => {
  const { subscriber, delivered, revoked } = await startWorker(ofKey("1", "2"), true);
  const [first, second] = delivered as [DriverDelivery, DriverDelivery];
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  subscriber.extend([second]);
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  const settled = Promise.allSettled([how === "ack" ? first.owner.ack(first) : first.owner.release(first, false)]);
  // Core starts the next one as soon as the settle returns.
  expect(revoked).toEqual([second]);
  expect(await settled).toMatchObject([{ status: "rejected", reason: { code: "LEASE_LOST" } }]);
});

test("also behind one that has failed and waits in core", async () => {
  const { subscriber, delivered, revoked } = await startWorker(ofKey("1", "2"), true);
  const [first, second] = delivered as [DriverDelivery, DriverDelivery];
  void retry(first, 60_000);
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  const again = delivered[2] as DriverDelivery;
  subscriber.extend([second]);
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  subscriber.extend([again, second]);
  expect(revoked).toEqual([again, second]);
});

test("a lease that is being renewed when its message fails lasts for the next attempt, too", async () => {
  const { subscriber, delivered, revoked } = await startWorker(ofKey("1", "2"), true);
  const [first, second] = delivered as [DriverDelivery, DriverDelivery];
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  subscriber.extend([first, second]);
  void retry(first, 60_000);
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  const again = delivered[2] as DriverDelivery;
  subscriber.extend([again, second]);
  expect(revoked).toEqual([]);
});
