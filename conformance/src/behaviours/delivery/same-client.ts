import { behaviour, type Behaviour } from "../../behaviour.ts";

/**
 * In some clients a cache of "this topic exists" prevented the creation of the subscription, and messages were lost.
 */
export const sameClient: Behaviour = behaviour({
  id: "delivery.publish-then-subscribe",
  rows: [43],
  statements: ["C7", "C27"],
  title: "a connection that has published to a topic can then create and read a subscription of it",
  tier: "smoke",
  async run(context) {
    const pubsub = await context.open();
    const topic = context.topic();
    await context.publish(pubsub, topic, 1);
    const collectors = [
      await context.collect(pubsub, context.subscription(topic)),
      await context.collect(pubsub, context.subscription(topic)),
    ];

    const sent = await context.publish(pubsub, topic, 3);

    for (const collector of collectors) await collector.completes(sent.map(({ id }) => id));
  },
});
