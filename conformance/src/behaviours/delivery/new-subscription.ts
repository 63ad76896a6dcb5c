import { behaviour, type Behaviour } from "../../behaviour.ts";
import { sameMembers } from "../../expect.ts";

export const newSubscription: Behaviour = behaviour({
  id: "delivery.new-subscription",
  rows: [2, 23],
  statements: ["C7"],
  title: "a subscription gets what was published after it existed, also while nobody read it, and nothing from before",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription: old } = await context.pair();
    const early = await context.publish(pubsub, topic, 5);
    const late = context.subscription(topic);
    await pubsub.apply([late]);

    const later = await context.publish(pubsub, topic, 5);

    const lateCollector = await context.collect(pubsub, late);
    const oldCollector = await context.collect(pubsub, old);
    const ids = later.map(({ id }) => id);
    await lateCollector.completes(ids);
    await oldCollector.completes([...early.map(({ id }) => id), ...ids]);
    await context.quiet();
    sameMembers(lateCollector.ids, ids, "what the later subscription got");
  },
});
