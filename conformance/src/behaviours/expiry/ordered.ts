import { behaviour, ordered as isOrdered, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

export const ordered: Behaviour = behaviour({
  id: "expiry.ordered",
  rows: [21],
  statements: ["C20", "C41"],
  title: "a message that expires while it waits for its key is not handled, and holds up neither its key nor others",
  tier: "full",
  requires: isOrdered,
  async run(context) {
    const pubsub = await context.open();
    const topic = context.orderedTopic();
    const subscription = context.subscription(topic);
    await pubsub.apply([topic, subscription]);
    const soon = new Date(Date.now() + 300);
    const collector = await context.collect(pubsub, subscription, {
      async handle({ item, attempt }) {
        if (item.key !== "slow" || attempt > 1) return;
        await context.eventually(() => Date.now() > soon.getTime(), "the time of expiry to pass");
        throw new Error("once more, after the others have expired");
      },
    });
    const first = await context.publish(pubsub, topic, 1, { key: () => "slow" });
    await collector.starts(1);
    const doomed = await context.publish(pubsub, topic, 2, { key: () => "slow", expiresAt: soon });
    const rest = await context.publish(pubsub, topic, 6, { key: (index) => (index < 3 ? "slow" : "other") });

    await collector.completes([...first, ...rest].map(({ id }) => id));
    await context.eventually(() => context.log.observed("skipped").length >= 2, "the expired ones to be skipped");
    await context.quiet();
    equal(doomed.flatMap(({ id }) => collector.runsOf(id)).length, 0, "the runs of what has expired");
    context.assertKeyOrder(subscription);
  },
});
