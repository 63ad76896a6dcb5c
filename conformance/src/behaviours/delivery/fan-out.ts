import { behaviour, type Behaviour } from "../../behaviour.ts";
import { sameMembers } from "../../expect.ts";

export const fanOut: Behaviour = behaviour({
  id: "delivery.fan-out",
  rows: [2],
  statements: ["C7"],
  title: "each subscription gets every message once, also one that keeps failing",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const others = [context.subscription(topic), context.subscription(topic)];
    await pubsub.apply([...others]);
    const collectors = await Promise.all([
      context.collect(pubsub, subscription),
      context.collect(pubsub, others[0] ?? subscription),
      context.collect(pubsub, others[1] ?? subscription, {
        handle({ attempt }) {
          if (attempt === 1) throw new Error("always fails at first");
        },
      }),
    ]);

    const sent = await context.publish(pubsub, topic, 20);

    const ids = sent.map(({ id }) => id);
    for (const collector of collectors) await collector.completes(ids);
    await context.quiet();
    for (const collector of collectors) sameMembers(collector.ids, ids, `what ${collector.name} completed`);
  },
});
