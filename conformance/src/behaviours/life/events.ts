import { Reject, type PubSubEvent } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

export const events: Behaviour = behaviour({
  id: "life.events",
  rows: [46, 50],
  statements: ["C30"],
  title:
    "the observer is told of every publish, delivery, retry, acknowledgement and dead letter, as often as they happen",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const collector = await context.collect(pubsub, subscription, {
      handle({ item, attempt }) {
        if (item.key === "rejected") throw new Reject("no");
        if (item.key === "retried" && attempt < 3) throw new Error("again");
      },
    });

    await context.publish(pubsub, topic, 9, { key: (index) => ["fine", "rejected", "retried"][index % 3] ?? "" });
    await pubsub.publish(topic, context.item(), { attributes: { "": "not allowed" } }).catch(() => undefined);
    await context.eventually(
      () => context.log.observed("ack").length + context.log.observed("dead-letter").length === 9,
      "nine ends",
    );

    const count = (type: PubSubEvent["type"]): number => context.log.observed(type).length;
    equal(
      [count("publish"), count("published"), count("publish-failed")],
      [9, 9, 0],
      "publish, published and publish-failed events",
    );
    equal(count("deliver"), collector.received.length, "deliver events, one for each handler run");
    equal(
      [count("deliver"), count("ack"), count("retry"), count("dead-letter")],
      [15, 6, 6, 3],
      "deliver, ack, retry and dead-letter events",
    );
    for (const event of context.log.observed("retry")) {
      equal(
        [event.topic, event.subscription, event.delayMs >= context.retryStepMs() - 1],
        [topic.name, subscription.name, true],
        "topic, subscription and delay of a retry event",
      );
    }
    equal(pubsub.health().status, "up", "health().status");
    equal(
      pubsub.health().subscriptions.map(({ state, running }) => [state, running]),
      [["receiving", 0]],
      "state and running handlers in health()",
    );
  },
});
