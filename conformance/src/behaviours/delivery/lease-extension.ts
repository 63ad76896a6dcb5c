import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

export const leaseExtension: Behaviour = behaviour({
  id: "delivery.lease-extension",
  rows: [34],
  statements: ["C10"],
  title:
    "a handler that runs three times as long as the ack deadline gets its message once, as do those that wait behind it",
  tier: "full",
  async run(context) {
    const ackDeadlineMs = context.shortLeaseMs;
    const { pubsub, topic, subscription } = await context.pair({ ackDeadlineMs });
    const sent = await context.publish(pubsub, topic, 2);
    const slow = await context.collect(pubsub, subscription, {
      maxConcurrency: 1,
      prefetch: 5,
      handle: () => context.work(3 * ackDeadlineMs),
    });
    await slow.starts(1);
    const idle = await context.collect(await context.open(), subscription, { prefetch: 0 });

    await context.eventually(
      () => slow.completed.length + idle.completed.length >= 2,
      "both messages to be completed",
      6 * ackDeadlineMs + context.deliveryMs,
    );
    await context.quiet(2 * ackDeadlineMs);
    const first = slow.received[0]?.id ?? "";
    equal(
      [...slow.received, ...idle.received].filter(({ id }) => id === first).length,
      1,
      "deliveries of the message that took three leases",
    );
    equal(slow.received.length + idle.received.length, sent.length, "handler runs in all");
  },
});
