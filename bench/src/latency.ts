import { randomUUID } from "node:crypto";

import { defineSubscription, defineTopic, type Deliveries, type PubSub } from "@anytopic/core";

import { nextEvent, type BenchEvent } from "./event.ts";
import { quantile } from "./median.ts";

/** Sends at a fixed rate through `publish`; each event must end in `received`. */
export interface LatencyForm {
  readonly name: string;
  /**
   * Starts receiving. Calls `received` with the argument of `publish`, and, if the broker confirms acks,
   * `acknowledged` with the time that an ack took.
   */
  start(received: (sentMs: number) => void, acknowledged: (tookMs: number) => void): Promise<void>;
  /** Resolves when the broker has accepted it. */
  publish(sentMs: number): Promise<unknown>;
  close(): Promise<void>;
}

const RATE_PER_SECOND = 500;

/** Measures each form for `seconds` at 500 events a second; prints p50 and p99 from the call to the handler, until the publish is accepted, and until the ack is. */
export async function compareLatency(
  forms: readonly LatencyForm[],
  seconds = Number(process.env["SECONDS"] ?? 5),
): Promise<void> {
  for (const form of forms) {
    const handled: number[] = [];
    const accepted: number[] = [];
    const acknowledged: number[] = [];
    const publish = async (sentMs: number): Promise<void> => {
      await form.publish(sentMs);
      accepted.push(performance.now() - sentMs);
    };
    await form.start(
      (sentMs) => handled.push(performance.now() - sentMs),
      (tookMs) => acknowledged.push(tookMs),
    );
    const count = seconds * RATE_PER_SECOND;
    const startedMs = performance.now();
    for (let sent = 0; sent < count;) {
      const due = Math.min(count, Math.floor(((performance.now() - startedMs) * RATE_PER_SECOND) / 1000));
      for (; sent < due; sent += 1) void publish(performance.now());
      await pause(1);
    }
    const deadlineMs = performance.now() + 30_000;
    while (handled.length < count && performance.now() < deadlineMs) await pause(10);
    console.log(`  latency  ${form.name}, ${handled.length} of ${count} at ${RATE_PER_SECOND}/s`);
    print("call to handler", handled);
    print("publish accepted", accepted);
    if (acknowledged.length > 0) print("ack confirmed", acknowledged);
    await form.close();
  }
}

function print(what: string, taken: readonly number[]): void {
  const at = (share: number): string => quantile(taken, share).toFixed(2).padStart(7);
  console.log(`           ${what.padEnd(36)} p50 ${at(0.5)} ms  p99 ${at(0.99)} ms`);
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

interface TimedEvent extends BenchEvent {
  readonly sentMs: number;
}

export interface AnytopicLatencyOptions {
  /** Receives with the pull form, whose acks are confirmed. @default false */
  readonly pull?: boolean;
}

/** anytopic through its public API. Closes `pubsub`. */
export async function anytopicLatency(pubsub: PubSub, options: AnytopicLatencyOptions = {}): Promise<LatencyForm> {
  const topic = defineTopic<TimedEvent>(`latency-${randomUUID().slice(0, 8)}`);
  const subscription = defineSubscription(topic, "worker");
  await pubsub.apply([subscription]);
  return {
    name: options.pull === true ? "anytopic, pull form" : "anytopic",
    async start(received, acknowledged): Promise<void> {
      if (options.pull === true) void pull(pubsub.deliveries(subscription), received, acknowledged);
      else await pubsub.subscribe(subscription, (event) => received(event.sentMs));
    },
    publish: (sentMs) => pubsub.publish(topic, { ...nextEvent(), sentMs }),
    async close(): Promise<void> {
      await pubsub.destroy([subscription]);
      await pubsub.close();
    },
  };
}

async function pull(
  deliveries: Deliveries<TimedEvent>,
  received: (sentMs: number) => void,
  acknowledged: (tookMs: number) => void,
): Promise<void> {
  for await (const delivery of deliveries) {
    received(delivery.event.sentMs);
    const askedMs = performance.now();
    void delivery.ack().then(() => acknowledged(performance.now() - askedMs));
  }
}
