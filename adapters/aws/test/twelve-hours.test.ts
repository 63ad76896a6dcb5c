import { systemClock } from "@anytopic/core";
import type { DeliverySink, DriverContext, DriverDelivery, SubscriptionSpec } from "@anytopic/core/driver";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Connection } from "../src/connection.ts";
import { checkedOptions } from "../src/options.ts";
import { AwsSubscriber } from "../src/subscriber.ts";
import { UnstartedReceipts } from "../src/settle/unstarted-receipts.ts";
import { ack, retry } from "./settle.ts";

const HOUR_MS = 3_600_000;
const CAP_MS = 12 * HOUR_MS;
const ACK_DEADLINE_MS = 600_000;

interface Change {
  readonly atMs: number;
  readonly seconds: number;
}

interface Held {
  readonly subscriber: AwsSubscriber;
  readonly delivery: DriverDelivery;
  readonly changes: Change[];
  readonly revoked: DriverDelivery[];
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

class Command {
  readonly input: object;
  constructor(input: object) {
    this.input = input;
  }
}

/** A worker that holds the only message of its queue. */
async function hold(): Promise<Held> {
  const changes: Change[] = [];
  const messages = [{ MessageId: "m", ReceiptHandle: "r", Body: "x", Attributes: { ApproximateReceiveCount: "1" } }];
  const connection = {
    options: checkedOptions({ region: "eu-west-1" }),
    context: { clock: systemClock, random: () => 0.5 } as unknown as DriverContext,
    sqsApi: { ReceiveMessageCommand: Command, ChangeMessageVisibilityBatchCommand: Command },
    pollSqs: {
      send: () => (messages.length > 0 ? Promise.resolve({ Messages: messages.splice(0) }) : new Promise(() => {})),
    },
    sqs: {
      send({ input }: { input: { Entries: { Id: string; VisibilityTimeout: number }[] } }) {
        for (const { VisibilityTimeout } of input.Entries) {
          changes.push({ atMs: performance.now(), seconds: VisibilityTimeout });
        }
        return Promise.resolve({ Successful: input.Entries });
      },
    },
    lingering: new Set(),
    failed() {},
  } as unknown as Connection;
  const topic = { name: "t", physicalName: "t", ordered: false, exactlyOnce: false, retentionMs: 1, replay: false };
  const subscription: SubscriptionSpec = {
    name: "s",
    physicalName: "s",
    topic,
    ackDeadlineMs: ACK_DEADLINE_MS,
    maxRetries: 1,
    maxBackoffMs: 11 * HOUR_MS,
  };
  const delivered: DriverDelivery[] = [];
  const revoked: DriverDelivery[] = [];
  const sink = {
    deliver: (delivery: DriverDelivery) => void delivered.push(delivery),
    revoke: (delivery: DriverDelivery) => revoked.push(delivery) > 0,
    receiving() {},
  } as unknown as DeliverySink;
  const queue = { name: "t_s", url: "http://127.0.0.1/t_s" };
  const options = { maxOutstanding: 10 };
  const subscriber = new AwsSubscriber(connection, queue, subscription, sink, options, new UnstartedReceipts());
  await vi.advanceTimersByTimeAsync(100);
  const [delivery] = delivered;
  if (delivery === undefined) throw new Error("nothing was delivered");
  return { subscriber, delivery, changes, revoked };
}

/** Renews as core does, every third of the deadline. */
async function handleFor({ subscriber, delivery }: Held, durationMs: number): Promise<void> {
  for (let passedMs = 0; passedMs < durationMs; passedMs += ACK_DEADLINE_MS / 3) {
    subscriber.extend([delivery]);
    await vi.advanceTimersByTimeAsync(ACK_DEADLINE_MS / 3);
  }
}

test("a message is kept for 12 hours from its receipt, never asked for longer, and then known to be lost", async () => {
  const startedAtMs = performance.now();
  const held = await hold();
  await handleFor(held, CAP_MS - ACK_DEADLINE_MS);
  expect(held.revoked).toEqual([]);
  await handleFor(held, 2 * ACK_DEADLINE_MS);
  expect(held.revoked).toEqual([held.delivery]);
  const ends = held.changes.map(({ atMs, seconds }) => atMs + seconds * 1000 - startedAtMs);
  expect(Math.max(...ends)).toBeLessThanOrEqual(CAP_MS);
  expect(Math.max(...ends)).toBeGreaterThan(CAP_MS - 5000);
  await expect(ack(held.delivery)).rejects.toMatchObject({ code: "LEASE_LOST" });
});

test("the longest delay after two hours of handling is what is left of the 12 hours", async () => {
  const startedAtMs = performance.now();
  const held = await hold();
  await handleFor(held, 2 * HOUR_MS);
  const retried = retry(held.delivery, 11 * HOUR_MS);
  await vi.advanceTimersByTimeAsync(100);
  await retried;
  const { atMs, seconds } = held.changes.at(-1) as Change;
  expect(seconds).toBeGreaterThan(9.9 * 3600);
  expect(atMs + seconds * 1000 - startedAtMs).toBeLessThanOrEqual(CAP_MS);
});
