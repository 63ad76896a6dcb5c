import { defineSubscription, type SubscriptionOptions } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, rejects } from "../../expect.ts";

/** What declarations themselves allow, whatever the adapter. */
const DECLARABLE = {
  minAckDeadlineMs: 1000,
  maxAckDeadlineMs: 600_000,
  maxBackoffMs: 43_200_000,
  maxHandlingMs: 43_200_000,
};

export const outOfRange: Behaviour = behaviour({
  id: "capabilities.out-of-range",
  rows: [48],
  statements: ["C22"],
  title:
    "a declaration beyond the adapter's ack deadlines, delays or leases is refused when it is opened, naming the range",
  tier: "smoke",
  async run(context) {
    const { ackDeadline, nackDelay, maxLeaseMs } = context.capabilities;
    const { pubsub, topic, subscription } = await context.pair();
    const { ackDeadlineMs, maxHandlingMs } = subscription;
    const beyond: [string, SubscriptionOptions, number][] = [];
    if (ackDeadline.minMs > DECLARABLE.minAckDeadlineMs) {
      beyond.push(["ackDeadline", { ackDeadlineMs: ackDeadline.minMs - 1, maxHandlingMs }, ackDeadline.minMs]);
    }
    if (ackDeadline.maxMs < DECLARABLE.maxAckDeadlineMs) {
      beyond.push(["ackDeadline", { ackDeadlineMs: ackDeadline.maxMs + 1 }, ackDeadline.maxMs]);
    }
    if (nackDelay.maxMs < DECLARABLE.maxBackoffMs) {
      const retryPolicy = { minBackoffMs: 1, maxBackoffMs: nackDelay.maxMs + 1 };
      beyond.push(["nackDelay", { ackDeadlineMs, maxHandlingMs, retryPolicy }, nackDelay.maxMs]);
    }
    if (maxLeaseMs < DECLARABLE.maxHandlingMs) {
      beyond.push(["maxLeaseMs", { ackDeadlineMs, maxHandlingMs: maxLeaseMs + 1 }, maxLeaseMs]);
    }

    for (const [capability, options, limit] of beyond) {
      const declared = context.declare(
        defineSubscription(topic, context.name(), { retryPolicy: { maxBackoffMs: 10_000 }, ...options }),
      );
      const { message } = await rejects(
        pubsub.subscribe(declared, () => undefined),
        "NOT_SUPPORTED",
        `a subscription beyond ${capability}`,
      );
      check(
        message.includes(String(limit)) && message.includes(capability),
        `the error to name ${capability} and ${limit}: ${message}`,
      );
    }
    // Values within the range are accepted: the other behaviours use them. Here the edges are tested.
    const edge = context.subscription(topic, {
      ackDeadlineMs: Math.max(ackDeadline.minMs, DECLARABLE.minAckDeadlineMs),
    });
    await context.collect(pubsub, edge);
  },
});
