import { systemClock } from "@anytopic/core";
import type { DeliverySink, DriverContext, DriverDelivery, SubscriptionSpec } from "@anytopic/core/driver";
import type { Message } from "@aws-sdk/client-sqs";
import { vi } from "vitest";
import type { Connection } from "../src/connection.ts";
import { checkedOptions } from "../src/options.ts";
import { UnstartedReceipts } from "../src/settle/unstarted-receipts.ts";
import { AwsSubscriber } from "../src/subscriber.ts";

export interface SentEntry {
  readonly Id: string;
  readonly ReceiptHandle: string;
  /** Undefined for a deletion. */
  readonly VisibilityTimeout?: number;
}

/** A batch call that the worker has made. */
export interface SentCall {
  readonly atMs: number;
  readonly entries: readonly SentEntry[];
}

export interface ScriptedWorker {
  readonly subscriber: AwsSubscriber;
  readonly delivered: readonly DriverDelivery[];
  readonly revoked: readonly DriverDelivery[];
  readonly calls: readonly SentCall[];
}

export interface ScriptedWorkerOptions {
  /** The answers to polls. Later polls are not answered. */
  readonly polls: readonly (readonly Message[] | Promise<readonly Message[]>)[];
  readonly ackDeadlineMs: number;
  /** @default false */
  readonly ordered?: boolean;
  /** The code of the error of an entry. Undefined: it succeeds. @default every entry succeeds */
  readonly failure?: (entry: SentEntry) => string | undefined;
}

class Command {
  readonly input: object;
  constructor(input: object) {
    this.input = input;
  }
}

/** A worker at a queue that answers as told. Requires fake timers of vitest. */
export async function scriptedWorker(options: ScriptedWorkerOptions): Promise<ScriptedWorker> {
  const { polls, ackDeadlineMs, ordered = false, failure } = options;
  const calls: SentCall[] = [];
  const waiting = [...polls];
  const connection = {
    options: checkedOptions({ region: "eu-west-1" }),
    context: { clock: systemClock, random: () => 0.5 } as unknown as DriverContext,
    sqsApi: {
      ReceiveMessageCommand: Command,
      ChangeMessageVisibilityBatchCommand: Command,
      DeleteMessageBatchCommand: Command,
    },
    pollSqs: {
      send: async () => ({ Messages: await (waiting.shift() ?? new Promise(() => {})) }),
    },
    sqs: {
      send({ input }: { input: { Entries: SentEntry[] } }) {
        calls.push({ atMs: performance.now(), entries: input.Entries });
        const codes = input.Entries.map((entry) => ({ Id: entry.Id, Code: failure?.(entry) }));
        return Promise.resolve({
          Successful: codes.filter(({ Code }) => Code === undefined),
          Failed: codes.filter(({ Code }) => Code !== undefined),
        });
      },
    },
    lingering: new Set(),
    failed() {},
  } as unknown as Connection;
  const topic = { name: "t", physicalName: "t", ordered, exactlyOnce: false, retentionMs: 1, replay: false };
  const subscription: SubscriptionSpec = {
    name: "s",
    physicalName: "s",
    topic,
    ackDeadlineMs,
    maxRetries: 1,
    maxBackoffMs: 11 * 3_600_000,
  };
  const delivered: DriverDelivery[] = [];
  const revoked: DriverDelivery[] = [];
  const sink = {
    deliver: (delivery: DriverDelivery) => void delivered.push(delivery),
    revoke: (delivery: DriverDelivery) => revoked.push(delivery) > 0,
    failing() {},
    receiving() {},
  } as unknown as DeliverySink;
  const queue = { name: "t_s", url: "http://127.0.0.1/t_s" };
  const places = { maxOutstanding: 10 };
  const subscriber = new AwsSubscriber(connection, queue, subscription, sink, places, new UnstartedReceipts());
  await vi.advanceTimersByTimeAsync(100);
  if (delivered.length === 0) throw new Error("nothing was delivered");
  return { subscriber, delivered, revoked, calls };
}

/** A message as SQS gives it, of this group in a FIFO queue. */
export function received(name: string, group?: string): Message {
  return {
    MessageId: name,
    ReceiptHandle: `receipt of ${name}`,
    Body: "x",
    Attributes: { ApproximateReceiveCount: "1", ...(group === undefined ? {} : { MessageGroupId: group }) },
  };
}
