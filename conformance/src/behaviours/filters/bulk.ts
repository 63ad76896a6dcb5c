import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

const COUNT = 2000;

export const bulk: Behaviour = behaviour({
  id: "filters.bulk",
  rows: [9, 13],
  statements: ["C9", "C39"],
  title: "a message that passes is handled soon after two thousand that do not, by a worker that holds few at a time",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({
      maxConcurrency: 2,
      filter: { hide: { exists: false } },
    });
    await context.publish(pubsub, topic, COUNT / 2, { attributes: { hide: "yes" } });
    await context.publish(pubsub, topic, COUNT / 2, { attributes: { hide: "yes" } });
    const last = await context.publish(pubsub, topic, 1);
    const collector = await context.collect(pubsub, subscription, { prefetch: 8 });
    await collector.completes(last.map(({ id }) => id));
    equal(collector.received.length, 1, "the number of handler starts");
  },
});
