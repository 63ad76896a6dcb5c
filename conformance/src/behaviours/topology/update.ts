import { defineSubscription } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";

export const update: Behaviour = behaviour({
  id: "topology.update",
  rows: [24],
  statements: ["C27"],
  title:
    "a changed declaration is planned as update or replace; apply changes it only when asked to, and never deletes",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const sent = await context.publish(pubsub, topic, 3);
    const changed = defineSubscription(topic, subscription.name, {
      ackDeadlineMs: Math.min(subscription.ackDeadlineMs + 10_000, context.capabilities.ackDeadline.maxMs),
      maxHandlingMs: subscription.maxHandlingMs,
      retryPolicy: { minBackoffMs: 1000, maxBackoffMs: 2000, maxRetries: 7 },
    });

    const planned = await pubsub.plan([changed]);
    equal(
      planned.filter(({ action }) => action === "create"),
      [],
      "creations in the plan",
    );
    for (const { resource, detail } of planned) check(detail.length > 0, `the plan to say what differs at ${resource}`);
    await pubsub.apply([changed]);
    equal(await pubsub.plan([changed]), planned, "the plan after an apply without update");

    await pubsub.apply([changed], { update: true });
    equal(
      (await pubsub.plan([changed])).filter(({ action }) => action !== "replace"),
      [],
      "updates in the plan after an apply with update",
    );
    const collector = await context.collect(pubsub, changed);
    await collector.completes(sent.map(({ id }) => id));
  },
});
