import { behaviour, type Behaviour } from "../../behaviour.ts";
import type { Collector } from "../../collector.ts";
import { equal } from "../../expect.ts";
import { highWater } from "../../invariants.ts";

export const concurrency: Behaviour = behaviour({
  id: "delivery.concurrency",
  rows: [25, 33],
  statements: ["C9"],
  title:
    "exactly maxConcurrency handlers run at once in a worker when there is work, never more, also while messages are retried",
  tier: "smoke",
  async run(context) {
    const limits = [1, 3, 25];
    const { pubsub, topic } = await context.pair();
    for (const maxConcurrency of limits) {
      const subscription = context.subscription(topic, { maxConcurrency });
      await pubsub.apply([subscription]);
      let wasFull = false;
      const collector: Collector = await context.collect(pubsub, subscription, {
        async handle({ attempt, item }) {
          // No handler continues until the limit was reached once: however slowly messages arrive, it must be
          // reached.
          await context.eventually(() => (wasFull ||= collector.running === maxConcurrency), "all places to be taken");
          await context.work(15);
          if (attempt === 1 && item.seq % 4 === 0) throw new Error("once more");
        },
      });

      const sent = await context.publish(pubsub, topic, maxConcurrency * 4);

      await collector.completes(sent.map(({ id }) => id));
      equal(
        highWater(context.log.entries, subscription.name),
        maxConcurrency,
        `the most handlers at once with maxConcurrency ${maxConcurrency}`,
      );
    }
  },
});
