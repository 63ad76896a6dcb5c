import { systemClock } from "@anytopic/core";
import type { DeliverySink, DriverDelivery, SubscriptionSpec } from "@anytopic/core/driver";
import { vi } from "vitest";
import type { Connection } from "../src/connection.ts";
import type { Channel, WireReceived } from "../src/connection/rpc.ts";
import { Status } from "../src/errors.ts";
import { checkedOptions } from "../src/options.ts";
import { GcpSubscriber } from "../src/subscriber.ts";

export const LEASE_MS = 10_000;

/** A message without a key. */
export const received: WireReceived = {
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
    retentionMs: 3_600_000,
    replay: false,
  },
  ackDeadlineMs: LEASE_MS,
  maxRetries: 10,
  maxBackoffMs: 1000,
};

/** Messages of one key, in order. */
export const ofKey = (...ids: readonly string[]): WireReceived[] =>
  ids.map((id) => ({
    ...received,
    ackId: `lease-${id}`,
    message: { ...received.message, messageId: id, orderingKey: "k" },
  }));

export interface ScriptedWorker {
  readonly subscriber: GcpSubscriber;
  readonly delivery: DriverDelivery;
  readonly delivered: readonly DriverDelivery[];
  readonly revoked: readonly DriverDelivery[];
  readonly pulls: () => number;
  /** The requests that changed deadlines. */
  readonly deadlines: readonly unknown[];
}

export interface ScriptedWorkerOptions {
  readonly ordered?: boolean;
  /** The service refuses to change deadlines, for all of a request. */
  readonly refuses?: boolean;
}

/** A worker that has these messages, at a service that has no more and grants everything. Requires fake timers of vitest. */
export async function startWorker(
  messages: WireReceived[] = [received],
  { ordered = false, refuses = false }: ScriptedWorkerOptions = {},
): Promise<ScriptedWorker> {
  let pulls = 0;
  const deadlines: unknown[] = [];
  const channel: Channel = {
    call(_method, request, _options, done) {
      const isPull = "maxMessages" in (request as object);
      if (isPull) pulls += 1;
      if ("ackDeadlineSeconds" in (request as object)) deadlines.push(request);
      const error = refuses && "ackDeadlineSeconds" in (request as object) ? { code: Status.PERMISSION_DENIED } : null;
      setImmediate(done, error, (isPull ? { receivedMessages: messages.splice(0) } : {}) as never);
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
