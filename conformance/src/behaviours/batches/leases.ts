import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

export const leases: Behaviour = behaviour({
  id: "batches.leases",
  rows: [34],
  statements: ["C10", "C43"],
  title: "the leases of all messages are renewed while their batch is collected and while it runs",
  tier: "full",
  async run(context) {
    const ackDeadlineMs = context.shortLeaseMs;
    const { pubsub, topic, subscription } = await context.pair({ ackDeadlineMs });
    const collector = await context.collect(pubsub, subscription, {
      maxConcurrency: 1,
      batch: { maxMessages: 10, maxWaitMs: 2 * ackDeadlineMs },
      handle: () => context.work(2 * ackDeadlineMs),
    });
    await context.eventually(() => collector.worker.health().state === "receiving", "the worker to receive");
    const other = await context.open();
    const sent = await context.publish(pubsub, topic, 3);
    await context.eventually(() => collector.worker.health().waiting === 3, "the three messages to be collected");
    const rival = await context.collect(other, subscription);

    await collector.completes(
      sent.map(({ id }) => id),
      4 * ackDeadlineMs + context.deliveryMs,
    );
    await context.quiet(2 * ackDeadlineMs);
    equal(
      collector.batches.map(({ length }) => length),
      [3],
      "the sizes of the batches",
    );
    equal(rival.received.length, 0, "what the other worker got");
    equal(
      collector.received.map(({ attempt }) => attempt),
      [1, 1, 1],
      "the attempts",
    );
  },
});
