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
  topic: { name: "orders", physicalName: "orders", ordered: false, exactlyOnce: false, retentionMs: HOUR_MS },
  ackDeadlineMs: LEASE_MS,
  maxRetries: 10,
  maxBackoffMs: 1000,
};

interface Worker {
  readonly subscriber: GcpSubscriber;
  readonly delivery: DriverDelivery;
  readonly delivered: readonly DriverDelivery[];
  readonly revoked: readonly DriverDelivery[];
  readonly pulls: () => number;
}

/** A worker that has these messages, at a service that has no more and grants everything. */
async function startWorker(messages: WireReceived[] = [received], ordered = false): Promise<Worker> {
  let pulls = 0;
  const channel: Channel = {
    call(_method, request, _options, done) {
      const isPull = "maxMessages" in (request as object);
      if (isPull) pulls += 1;
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
  return { subscriber, delivery, delivered, revoked, pulls: () => pulls };
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
  const ofKey = ["1", "2"].map((id) => ({
    ...received,
    ackId: `lease-${id}`,
    message: { ...received.message, messageId: id, orderingKey: "k" },
  }));
  const { delivery, delivered, revoked } = await startWorker(ofKey, true);
  await vi.advanceTimersByTimeAsync(LEASE_MS);
  expect(delivery.owner.retriesAtBroker?.(delivery)).toBe(false);
  void retry(delivery, 0);
  await vi.advanceTimersByTimeAsync(1);
  // Core waits for it, so that it is told that it came, and that it was lost.
  expect(delivered).toHaveLength(3);
  expect(revoked).toEqual([delivered[2]]);
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
