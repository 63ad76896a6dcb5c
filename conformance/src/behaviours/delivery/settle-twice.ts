import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

export const settleTwice: Behaviour = behaviour({
  id: "delivery.settle-twice",
  rows: [7, 45],
  statements: ["C13"],
  title:
    "settling a delivery again does nothing and says so; deliveries stop at break, and unsettled ones are released",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const sent = await context.publish(pubsub, topic, 4);
    const order: string[] = [];
    const outcomes: string[] = [];

    for await (const delivery of pubsub.deliveries(subscription, { maxConcurrency: 4 })) {
      order.push(delivery.id);
      if (order.length === 1) {
        outcomes.push(
          await delivery.ack(),
          await delivery.ack(),
          await delivery.retry(),
          await delivery.reject("too late"),
          await delivery.release(),
        );
      } else if (order.length === 2) {
        const both = await Promise.all([delivery.ack(), delivery.ack()]);
        outcomes.push(...both.toSorted());
      } else {
        break;
      }
    }

    const again = "already-settled";
    equal(outcomes, ["settled", again, again, again, again, again, "settled"], "the outcomes of the settles");
    const collector = await context.collect(pubsub, subscription);
    const rest = sent.map(({ id }) => id).filter((id) => !order.slice(0, 2).includes(id));
    await collector.completes(rest);
    await context.quiet();
    equal([...collector.ids].toSorted(), rest.toSorted(), "what a later worker gets: the unsettled two");
    equal(await pubsub.deadLetters(subscription).count(), 0, "the number of dead letters");
  },
});
