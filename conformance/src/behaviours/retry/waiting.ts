import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";

export const waiting: Behaviour = behaviour({
  id: "retry.waiting",
  rows: [27, 33],
  statements: ["C14"],
  title: "messages that wait for their retry use no handler's place and delay no other message, however many they are",
  tier: "smoke",
  async run(context) {
    const delayMs = context.retryStepMs(3000);
    const { pubsub, topic, subscription } = await context.pair({
      maxConcurrency: 2,
      retryPolicy: { minBackoffMs: delayMs, maxBackoffMs: delayMs },
    });
    const collector = await context.collect(pubsub, subscription, {
      prefetch: 2,
      handle({ item, attempt }) {
        if (item.key === "waits" && attempt === 1) throw new Error("later");
      },
    });

    // Twelve wait: three times what this worker may hold.
    const waitingOnes = await context.publish(pubsub, topic, 12, { key: () => "waits" });
    await collector.starts(12);
    const others = await context.publish(pubsub, topic, 30, { key: () => "passes" });
    await collector.completes(others.map(({ id }) => id));

    const firstRetry = collector.received.find(({ attempt }) => attempt === 2)?.atMs ?? Infinity;
    const lastOther = Math.max(
      ...collector.received.filter(({ item }) => item.key === "passes").map(({ atMs }) => atMs),
    );
    check(lastOther < firstRetry, "the others to be handled while the first ones wait");
    await collector.completes(
      waitingOnes.map(({ id }) => id),
      delayMs + context.deliveryMs,
    );
    equal(collector.received.length, 54, "handler runs in all");
  },
});
