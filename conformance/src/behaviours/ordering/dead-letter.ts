import { behaviour, ordered, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

export const deadLetter: Behaviour = behaviour({
  id: "ordering.dead-letter",
  rows: [32],
  statements: ["C15", "C20"],
  title: "a message that is dead-lettered frees its key: its successors follow, in order, and not before",
  tier: "smoke",
  requires: ordered,
  async run(context) {
    const pubsub = await context.open();
    const topic = context.orderedTopic();
    const subscription = context.subscription(topic, { retryPolicy: { maxRetries: 2 } });
    await pubsub.apply([subscription]);
    const collector = await context.collect(pubsub, subscription, {
      handle({ item }) {
        if (item.seq % 4 === 1) throw new Error("never");
      },
    });

    const sent = await context.publish(pubsub, topic, 8, { key: () => "one" });

    await collector.completes(sent.filter(({ item }) => item.seq % 4 !== 1).map(({ id }) => id));
    const letters = await pubsub.deadLetters(subscription).peek();
    equal(
      letters.map(({ orderingKey }) => orderingKey),
      ["one", "one"],
      "the ordering keys of the letters",
    );
    context.assertKeyOrder(subscription);
    context.assertNothingLost(topic, subscription);
  },
});
