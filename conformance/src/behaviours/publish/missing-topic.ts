import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, rejects } from "../../expect.ts";

export const missingTopic: Behaviour = behaviour({
  id: "publish.missing-topic",
  rows: [15, 24, 40],
  statements: ["C1", "C27", "C28"],
  title: 'with provisioning "off", a missing topic or subscription is NOT_FOUND, and nothing was created',
  tier: "smoke",
  async run(context) {
    const pubsub = await context.open({ provisioning: "off" });
    const topic = context.topic();
    const subscription = context.subscription(topic);

    await rejects(context.publishItem(pubsub, topic, context.item()), "NOT_FOUND", "a publish to a missing topic");
    await rejects(context.collect(pubsub, subscription), "NOT_FOUND", "subscribing to a missing subscription");
    await rejects(
      pubsub.deadLetters(subscription).count(),
      "NOT_FOUND",
      "counting the dead letters of a missing subscription",
    );

    equal(context.traffic.adminCalls, 0, "admin calls");
    await rejects(context.publishItem(pubsub, topic, context.item()), "NOT_FOUND", "the second publish");
  },
});
