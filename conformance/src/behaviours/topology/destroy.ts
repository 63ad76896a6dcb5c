import { Reject } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

export const destroy: Behaviour = behaviour({
  id: "topology.destroy",
  rows: [15, 24],
  statements: ["C27"],
  title:
    "what was destroyed and created again is empty: no old message, no old dead letter; other subscriptions keep theirs",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const kept = context.subscription(topic);
    await pubsub.apply([kept]);
    const first = await context.collect(pubsub, subscription, {
      handle() {
        throw new Reject("no");
      },
    });
    const old = await context.publish(pubsub, topic, 3);
    await context.eventually(async () => (await pubsub.deadLetters(subscription).count()) === 3, "three dead letters");
    await first.close();
    await context.publish(pubsub, topic, 4);
    await pubsub.close();

    const admin = await context.open();
    const names = await admin.destroy([subscription]);
    equal(await admin.plan([kept]), [], "the plan for the topic and its other subscription afterwards");
    await admin.apply([subscription]);

    const again = await context.open();
    const collector = await context.collect(again, subscription);
    const others = await context.collect(again, kept);
    const fresh = await context.publish(again, topic, 2);
    await collector.completes(fresh.map(({ id }) => id));
    await context.quiet();
    equal(collector.received.length, 2, `messages at the new subscription, after deleting ${names.join(", ")}`);
    equal(await again.deadLetters(subscription).count(), 0, "dead letters of the new subscription");
    equal(others.received.length, old.length + 4 + 2, "messages at the other subscription");
  },
});
