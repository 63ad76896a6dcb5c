import { randomUUID } from "node:crypto";

import { defineSubscription, defineTopic, type PubSub } from "@anytopic/core";

import { nextEvent, type BenchEvent } from "./event.ts";
import { quantile } from "./median.ts";

/** Sends at a fixed rate through `publish`, which must end in `received` for each; prints p50 and p99 from call to handler. */
export interface LatencyForm {
  readonly name: string;
  /** Starts receiving; calls `received` with what `publish` was given. */
  start(received: (sentMs: number) => void): Promise<void>;
  publish(sentMs: number): void;
  close(): Promise<void>;
}

const RATE_PER_SECOND = 500;

/** Measures each form for `seconds` at 500 events a second. */
export async function compareLatency(
  forms: readonly LatencyForm[],
  seconds = Number(process.env["SECONDS"] ?? 5),
): Promise<void> {
  for (const form of forms) {
    const taken: number[] = [];
    await form.start((sentMs) => taken.push(performance.now() - sentMs));
    const count = seconds * RATE_PER_SECOND;
    const startedMs = performance.now();
    for (let sent = 0; sent < count;) {
      const due = Math.min(count, Math.floor(((performance.now() - startedMs) * RATE_PER_SECOND) / 1000));
      for (; sent < due; sent += 1) form.publish(performance.now());
      await pause(1);
    }
    const deadlineMs = performance.now() + 30_000;
    while (taken.length < count && performance.now() < deadlineMs) await pause(10);
    const at = (share: number): string => quantile(taken, share).toFixed(2).padStart(7);
    console.log(
      `  latency  ${form.name.padEnd(36)} p50 ${at(0.5)} ms  p99 ${at(0.99)} ms  (${taken.length} of ${count} at ${RATE_PER_SECOND}/s)`,
    );
    await form.close();
  }
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

interface TimedEvent extends BenchEvent {
  readonly sentMs: number;
}

/** anytopic through its public API. Closes `pubsub`. */
export async function anytopicLatency(pubsub: PubSub): Promise<LatencyForm> {
  const topic = defineTopic<TimedEvent>(`latency-${randomUUID().slice(0, 8)}`);
  const subscription = defineSubscription(topic, "worker");
  await pubsub.apply([subscription]);
  return {
    name: "anytopic",
    async start(received): Promise<void> {
      await pubsub.subscribe(subscription, (event) => received(event.sentMs));
    },
    publish: (sentMs) => void pubsub.publish(topic, { ...nextEvent(), sentMs }),
    async close(): Promise<void> {
      await pubsub.destroy([subscription]);
      await pubsub.close();
    },
  };
}
