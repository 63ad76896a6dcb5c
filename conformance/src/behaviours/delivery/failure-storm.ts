import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

/** More failures than any broker's own delivery limit allows by default (RabbitMQ's is 20). */
const FAILURES = 25;

export const failureStorm: Behaviour = behaviour({
  id: "delivery.failure-storm",
  rows: [6, 46],
  statements: ["C12", "C15", "C17"],
  title:
    "with unlimited retries, 25 failures of every message lose nothing and their attempts are true, whatever the broker's own limit",
  tier: "full",
  timeoutMs: 240_000,
  async run(context) {
    const stepMs = context.retryStepMs(1);
    const { pubsub, topic, subscription } = await context.pair({
      retryPolicy: { minBackoffMs: stepMs, maxBackoffMs: stepMs, maxRetries: Infinity },
    });
    const collector = await context.collect(pubsub, subscription, {
      handle({ attempt }) {
        if (attempt <= FAILURES) throw new Error("storm");
      },
    });

    const sent = await context.publish(pubsub, topic, 20);

    await collector.completes(
      sent.map(({ id }) => id),
      FAILURES * (stepMs + context.lateMs) + context.deliveryMs,
    );
    for (const { id } of sent) equal(collector.runsOf(id).length, FAILURES + 1, "the runs of a message");
    equal(await pubsub.deadLetters(subscription).count(), 0, "the number of dead letters");
  },
});
