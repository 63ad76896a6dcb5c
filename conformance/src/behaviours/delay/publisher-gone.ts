import { behaviour, type Behaviour } from "../../behaviour.ts";
import { delaying } from "../../delaying.ts";

const DELAY_MS = 2000;

export const publisherGone: Behaviour = behaviour({
  id: "delay.publisher-gone",
  rows: [5, 19],
  statements: ["C40"],
  title: "messages that were scheduled are delivered although the connection that has scheduled them is closed",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({}, {}, delaying(context));
    const publisher = await context.open(delaying(context));
    const collector = await context.collect(pubsub, subscription);
    // With a store, the other connection publishes what is due: it knows the topic by its own scheduled message.
    await context.publishItem(pubsub, topic, context.item(), { delayMs: 1 });
    const sent = await context.publish(publisher, topic, 10, { delayMs: DELAY_MS });
    await publisher.close();
    await collector.completes(
      sent.map(({ id }) => id),
      DELAY_MS + context.deliveryMs,
    );
  },
});
