import { behaviour, ordered, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";
import { highWater } from "../../invariants.ts";

export const perKey: Behaviour = behaviour({
  id: "ordering.per-key",
  rows: [8],
  statements: ["C20"],
  title: "messages of one key are handled one after the other in order of publishing, different keys at the same time",
  tier: "smoke",
  requires: ordered,
  async run(context) {
    const pubsub = await context.open();
    const topic = context.orderedTopic();
    const subscription = context.subscription(topic, { maxConcurrency: 20 });
    await pubsub.apply([subscription]);
    const collector = await context.collect(pubsub, subscription, {
      handle: () => context.work(context.random.integer(1, 6)),
    });

    const sent = await context.publish(pubsub, topic, 200, { key: (index) => `key-${index % 10}` });

    await collector.completes(sent.map(({ id }) => id));
    context.assertKeyOrder(subscription);
    equal(collector.received.length, 200, "handler runs");
    for (const {
      item,
      context: { orderingKey },
    } of collector.received)
      equal(orderingKey, item.key, "the ordering key in the context");
    const parallel = highWater(context.log.entries, subscription.name);
    check(parallel > 1, "handlers of different keys to run at the same time");
  },
});
