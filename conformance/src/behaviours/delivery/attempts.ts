import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

export const attempts: Behaviour = behaviour({
  id: "delivery.attempts",
  rows: [46],
  statements: ["C12"],
  title: "attempts continue to count when the worker is closed and another connection takes over",
  tier: "full",
  async run(context) {
    const { topic, subscription } = await context.pair();
    const seen: number[] = [];
    const [sent] = await context.publish(await context.open(), topic, 1);

    for (let round = 1; round <= 4; round += 1) {
      const pubsub = await context.open();
      const collector = await context.collect(pubsub, subscription, {
        prefetch: 0,
        handle({ attempt }) {
          seen.push(attempt);
          if (attempt < 4) throw new Error("the next worker, please");
        },
      });
      await collector.starts(1);
      await pubsub.close();
      // Where unstarted deliveries count, the fourth attempt may have the number 5; the message is still gone.
      if ((seen.at(-1) ?? 0) >= 4) break;
    }

    await context.quiet();
    const rising = [...new Set(seen)].toSorted((a, b) => a - b);
    equal(seen, rising, "the attempts, each one higher than the one before");
    if (context.capabilities.attempts === "exact") equal(seen, [1, 2, 3, 4], `the attempts of ${sent?.id}`);
  },
});
