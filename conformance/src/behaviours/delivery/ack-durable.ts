import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

export const ackDurable: Behaviour = behaviour({
  id: "delivery.ack-durable",
  rows: [26],
  statements: ["C11"],
  title:
    "an acknowledged message is not redelivered: not after two leases, not to a new worker, not to a new connection",
  tier: "full",
  async run(context) {
    const ackDeadlineMs = context.shortLeaseMs;
    const { pubsub, topic, subscription } = await context.pair({ ackDeadlineMs });
    const first = await context.collect(pubsub, subscription);
    const sent = await context.publish(pubsub, topic, 50);
    await first.completes(sent.map(({ id }) => id));
    await context.quiet(Math.max(2 * ackDeadlineMs, context.quietMs));
    await first.close();
    await pubsub.close();

    const later = await context.collect(await context.open(), subscription);
    await context.quiet(Math.max(2 * ackDeadlineMs, context.quietMs));

    equal(first.received.length, 50, "handler runs of the first worker");
    equal(later.received.length, 0, "handler runs of the later worker");
  },
});
