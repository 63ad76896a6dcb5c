import { defineSubscription, defineTopic, Reject, type PubSub } from "@anytopic/core";

import { nextEvent, type BenchEvent } from "../event.ts";
import { Handled } from "./handled.ts";
import type { Measurement } from "./measurement.ts";
import { publishMany } from "./publish-many.ts";
import type { ScaleBroker } from "./scale-broker.ts";

const topic = defineTopic<BenchEvent>("waiting");
const subscription = defineSubscription(topic, "worker");
const failingTopic = defineTopic<BenchEvent>("failing");
const failing = defineSubscription(failingTopic, "worker", { maxConcurrency: 500 });
/** A tenth of the messages that wait, at most so many. */
const MOST_LETTERS = 100_000;

/** So many messages of 1 KiB that nobody handles; then a tenth as many dead letters. */
export async function measureWaiting(scale: ScaleBroker, size: number, measurement: Measurement): Promise<void> {
  const pubsub = await scale.connect();
  await pubsub.apply([subscription, failing]);
  await measurement.time("publish", () => publishMany(pubsub, topic, size, nextEvent));
  measurement.hold("waiting");
  await measurement.objects();
  await measurement.time("stats", () => pubsub.stats(subscription));
  await openOnBacklog(scale.url === undefined ? pubsub : await scale.connect(), scale, measurement);
  await letters(pubsub, Math.min(MOST_LETTERS, size / 10), measurement);
  await measurement.time("close", () => pubsub.close());
}

/** A worker whose handlers never end: it has all that it will ever fetch. */
async function openOnBacklog(pubsub: PubSub, scale: ScaleBroker, measurement: Measurement): Promise<void> {
  const started = new Handled();
  const { promise: never, resolve: end } = Promise.withResolvers<void>();
  const worker = await measurement.time("worker open and 100 handlers started", async () => {
    const opened = await pubsub.subscribe(subscription, () => (started.one(), never), { maxConcurrency: 100 });
    await started.until(100);
    return opened;
  });
  await new Promise((resolve) => setTimeout(resolve, 2000));
  measurement.hold("worker on backlog");
  end();
  await measurement.time("worker closed", () => worker.close());
  if (scale.url !== undefined) await pubsub.close();
}

async function letters(pubsub: PubSub, count: number, measurement: Measurement): Promise<void> {
  const handled = new Handled();
  const worker = await pubsub.subscribe(failing, () => {
    handled.one();
    throw new Reject("measured");
  });
  await measurement.time("dead-letter", async () => {
    await publishMany(pubsub, failingTopic, count, nextEvent);
    await handled.until(count);
    await worker.close();
  });
  const queue = pubsub.deadLetters(failing);
  measurement.set("letters", await queue.count());
  await measurement.time("peek 10", () => queue.peek());
  await measurement.time("scan", () => queue.scan({ onLetter: () => true }));
  measurement.hold("after scan");
  await measurement.time("redrive 1", () => queue.redrive({ limit: 1 }));
  let seen = 0;
  const every100th = (): boolean => (seen += 1) % 100 === 0;
  await measurement.time("redrive 1 % by filter", () => queue.redrive({ filter: every100th }));
  measurement.hold("after filter");
  await measurement.time("redrive all", () => queue.redrive());
  measurement.hold("after redrive");
}
