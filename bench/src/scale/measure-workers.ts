import { defineSubscription, defineTopic } from "@anytopic/core";

import { nextEvent, type BenchEvent } from "../event.ts";
import { Handled } from "./handled.ts";
import type { Measurement } from "./measurement.ts";
import { publishMany } from "./publish-many.ts";
import type { ScaleBroker } from "./scale-broker.ts";

const MESSAGES = 20_000;
const IDLE_MS = Number(process.env["IDLE_S"] ?? 60) * 1000;

const topic = defineTopic<BenchEvent>("shared");
const subscription = defineSubscription(topic, "worker");

/** So many workers on one subscription, in one process. */
export async function measureWorkers(scale: ScaleBroker, size: number, measurement: Measurement): Promise<void> {
  const pubsub = await scale.connect();
  await pubsub.apply([subscription]);
  const handled = new Handled();
  const workers = await measurement.time("open", () =>
    Promise.all(
      Array.from({ length: size }, () => pubsub.subscribe(subscription, handled.one, { maxConcurrency: 10 })),
    ),
  );
  measurement.hold("open");
  await measurement.objects();
  await measurement.time("20,000 messages", async () => {
    await publishMany(pubsub, topic, MESSAGES, nextEvent);
    await handled.until(MESSAGES);
  });
  measurement.hold("used");
  await measurement.idle(IDLE_MS);
  await measurement.time("close", () => Promise.all(workers.map((worker) => worker.close())));
  await pubsub.close();
}
