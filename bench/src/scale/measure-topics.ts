import { defineSubscription, defineTopic, type PubSub, type Subscription, type Topic } from "@anytopic/core";

import { Handled } from "./handled.ts";
import { inParallel } from "./in-parallel.ts";
import type { Measurement } from "./measurement.ts";
import type { ScaleBroker } from "./scale-broker.ts";

interface ScaleEvent {
  readonly key: string;
}

const SUBSCRIPTIONS = ["billing", "search", "mail"] as const;
/** Topics that are opened at a time: as a program that opens all with `Promise.all`, unless it is said. */
const AT_ONCE = Number(process.env["AT_ONCE"] ?? Number.POSITIVE_INFINITY);
const IDLE_MS = Number(process.env["IDLE_S"] ?? 60) * 1000;

/** So many topics with three subscriptions each, in one process; every second topic has an order. */
export async function measureTopics(scale: ScaleBroker, size: number, measurement: Measurement): Promise<void> {
  const topics = Array.from({ length: size }, (_, index) =>
    defineTopic<ScaleEvent>(`topic-${index}`, index % 2 === 0 ? {} : { orderingKey: (event) => event.key }),
  );
  const subscriptions = topics.flatMap((topic) => SUBSCRIPTIONS.map((name) => defineSubscription(topic, name)));
  let pubsub = await scale.connect();
  const handled = new Handled();
  await measurement.time("create", () => open(pubsub, subscriptions, handled));
  await measurement.time("first publish", () => publishToEach(pubsub, topics, handled));
  await measurement.time("second publish", () => publishToEach(pubsub, topics, handled));
  await new Promise((resolve) => setTimeout(resolve, 3000));
  measurement.hold("open");
  await measurement.objects();
  await measurement.idle(IDLE_MS);
  await measurement.time("stats of each", () =>
    inParallel(subscriptions, 4, (subscription) => pubsub.stats(subscription)),
  );
  if (scale.broker?.survivesRestart === true && process.env["RESTART"] !== "0") {
    await scale.broker.kill?.();
    await measurement.time("broker start", async () => await scale.broker?.start?.());
    await measurement.time("handled again after restart", () => publishToEach(pubsub, topics, handled, true));
  }
  await measurement.time("close", () => pubsub.close());
  measurement.hold("closed");
  if (scale.url === undefined) return;
  pubsub = await scale.connect();
  await measurement.time("open again", () => open(pubsub, subscriptions, handled));
  await measurement.time("close again", () => pubsub.close());
}

async function open(
  pubsub: PubSub,
  subscriptions: readonly Subscription<ScaleEvent>[],
  handled: Handled,
): Promise<void> {
  await inParallel(subscriptions, AT_ONCE, (subscription) => pubsub.subscribe(subscription, handled.one));
}

async function publishToEach(
  pubsub: PubSub,
  topics: readonly Topic<ScaleEvent>[],
  handled: Handled,
  again = false,
): Promise<void> {
  const target = handled.count + topics.length * SUBSCRIPTIONS.length;
  await inParallel(topics, 256, async (topic) => {
    for (;;) {
      try {
        await pubsub.publish(topic, { key: "a" });
        return;
      } catch (error) {
        if (!again) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  });
  await handled.until(target);
}
