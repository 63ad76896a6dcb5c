import { connect, defineSubscription, defineTopic, type PubSub, Reject, VirtualClock } from "@anytopic/core";
import { type MeasuredRelay, metrics, type Metrics } from "@anytopic/metrics";

export const Orders = defineTopic<{ readonly how: string }>("orders");
export const Mail = defineSubscription(Orders, "mail", {
  maxConcurrency: 2,
  retryPolicy: { minBackoffMs: 1000, jitter: 0, maxRetries: 1 },
  circuit: {},
});

export interface Story {
  readonly metrics: Metrics;
  readonly pubsub: PubSub;
  readonly clock: VirtualClock;
}

/**
 * Three messages on a memory broker, by a clock that is moved by hand: one succeeds, one is retried and then succeeds, one is rejected.
 * Handlers take 200 ms, and two run at a time.
 */
export async function story(): Promise<Story> {
  const clock = new VirtualClock();
  const bounds = [0.1, 1];
  const measured = metrics({
    clock,
    buckets: { publishSeconds: bounds, processSeconds: bounds, latencySeconds: bounds },
  });
  const pubsub = await connect("memory:", { observer: measured.observer, clock, random: () => 0.5 });
  await pubsub.subscribe(Mail, async ({ how }, { attempt }) => {
    await new Promise<void>((resolve) => clock.setTimer(resolve, 200));
    if (how === "rejected") throw new Reject("never");
    if (how === "retried" && attempt === 1) throw new RangeError("again");
  });
  for (const how of ["fine", "retried", "rejected"]) await pubsub.publish(Orders, { how });
  await clock.advance(5000);
  return { metrics: measured, pubsub, clock };
}

/** A relay that has published 12 messages, with 3 of one topic in its outbox. */
export function relay(): MeasuredRelay {
  const topics = [
    { topic: "orders", waiting: 3, oldestAgeMs: 4500, held: 1, parked: 2 },
    { topic: "reports", waiting: 0, oldestAgeMs: 0, held: 0, parked: 0 },
  ];
  return { health: () => ({ closing: false, published: 12 }), stats: async () => await Promise.resolve({ topics }) };
}
