import { Reject } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

/** Clients have set up dead letters for the first subscription of a topic only. */
export const eachSubscription: Behaviour = behaviour({
  id: "dead-letters.each-subscription",
  rows: [29],
  statements: ["C7", "C15", "C16"],
  title: "every subscription of a topic has its own dead-letter queue, the third like the first",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const subscriptions = [subscription, context.subscription(topic), context.subscription(topic)];
    await pubsub.apply(subscriptions);
    for (const [index, one] of subscriptions.entries()) {
      await context.collect(pubsub, one, {
        handle({ item }) {
          if (item.key === String(index)) throw new Reject(`not for ${index}`);
        },
      });
    }

    const sent = await context.publish(pubsub, topic, 3, { key: String });

    for (const [index, one] of subscriptions.entries()) {
      const letters = pubsub.deadLetters(one);
      await context.eventually(async () => (await letters.count()) === 1, `a dead letter of subscription ${index}`);
      equal(
        (await letters.peek()).map(({ id, errorMessage }) => [id, errorMessage]),
        [[sent[index]?.id, `not for ${index}`]],
        `the letters of subscription ${index}`,
      );
    }
  },
});
