import { defineSubscription, defineTopic } from "@anytopic/core";

import { Handled } from "./handled.ts";
import type { Measurement } from "./measurement.ts";
import { publishMany } from "./publish-many.ts";
import type { ScaleBroker } from "./scale-broker.ts";

const MESSAGES = 40_000;
const WORKERS = 4;

interface Keyed {
  readonly key: string;
  readonly number: number;
}

const topic = defineTopic<Keyed>("keyed", { orderingKey: (event) => event.key });
const subscription = defineSubscription(topic, "worker", { maxConcurrency: 100 });

/** 40,000 messages with so many ordering keys, for four workers. */
export async function measureKeys(scale: ScaleBroker, size: number, measurement: Measurement): Promise<void> {
  const pubsub = await scale.connect();
  await pubsub.apply([subscription]);
  const event = (number: number): Keyed => ({ key: `key-${number % size}`, number });
  await measurement.time("publish", () => publishMany(pubsub, topic, MESSAGES, event));
  const handled = new Handled();
  const last = new Map<string, number>();
  let disorder = 0;
  const workers = await measurement.time("handle", async () => {
    const handler = ({ key, number }: Keyed): void => {
      if ((last.get(key) ?? -1) > number) disorder += 1;
      last.set(key, number);
      handled.one();
    };
    const opened = await Promise.all(Array.from({ length: WORKERS }, () => pubsub.subscribe(subscription, handler)));
    await handled.until(MESSAGES);
    return opened;
  });
  measurement.set("out of order", disorder);
  measurement.hold("open");
  await measurement.time("stats", () => pubsub.stats(subscription));
  await measurement.time("close", () => Promise.all(workers.map((worker) => worker.close())));
  await pubsub.close();
}
