import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

export const slowNeighbour: Behaviour = behaviour({
  id: "delivery.slow-neighbour",
  rows: [35],
  statements: ["C7"],
  title: "a subscription whose handlers are stuck delays no other subscription of the topic",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription: stuck } = await context.pair();
    const lively = context.subscription(topic);
    await pubsub.apply([lively]);
    let free = false;
    const stuckCollector = await context.collect(pubsub, stuck, {
      maxConcurrency: 2,
      handle: () => context.eventually(() => free, "permission to continue", context.deliveryMs * 2),
    });
    const livelyCollector = await context.collect(pubsub, lively);
    await context.publish(pubsub, topic, 4);
    await stuckCollector.starts(2);

    const sent = await context.publish(pubsub, topic, 200);

    await livelyCollector.completes(sent.map(({ id }) => id));
    equal(stuckCollector.completed.length, 0, "completions of the stuck subscription meanwhile");
    free = true;
    await stuckCollector.completes(sent.map(({ id }) => id));
    context.assertNothingLost(topic, stuck);
  },
});
