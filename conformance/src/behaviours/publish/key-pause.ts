import { PubSubError } from "@anytopic/core";
import { behaviour, ordered, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";
import { forwardDriver, forwardPublisher } from "../../intercept.ts";

export const keyPause: Behaviour = behaviour({
  id: "publish.key-pause",
  rows: [8, 40],
  statements: ["C6", "C20"],
  title:
    "a failed publish pauses its ordering key: later publishes of the key reject with KEY_PAUSED, other keys continue, and nothing overtakes",
  tier: "smoke",
  requires: ordered,
  async run(context) {
    let failNext = false;
    const pubsub = await context.open({
      intercept: (driver) =>
        forwardDriver(driver, {
          openPublisher: async (spec) => {
            const publisher = await driver.openPublisher(spec);
            return forwardPublisher(publisher, {
              publish(batch) {
                const failing = failNext ? batch.filter(({ orderingKey }) => orderingKey === "bad") : [];
                const rest = batch.filter((request) => !failing.includes(request));
                if (failing.length > 0) failNext = false;
                for (const request of failing) request.reject(new PubSubError("UNAVAILABLE", "made to fail"));
                if (rest.length > 0) publisher.publish(rest);
              },
            });
          },
        }),
    });
    const topic = context.orderedTopic();
    const subscription = context.subscription(topic);
    await pubsub.apply([topic, subscription]);
    const collector = await context.collect(pubsub, subscription);
    await context.publish(pubsub, topic, 1, { key: () => "bad" });
    failNext = true;
    const first = ["bad", "bad", "bad", "good"].map((key) => context.item(key));

    const results = await Promise.all(
      first.map((item) =>
        context.publishItem(pubsub, topic, item).catch((error: unknown) => (error as PubSubError).code),
      ),
    );

    equal(
      results.map((result) => (typeof result === "object" ? "accepted" : result)),
      ["UNAVAILABLE", "KEY_PAUSED", "KEY_PAUSED", "accepted"],
      "what became of three publishes on the failing key and one on another",
    );
    const again = await context.publish(pubsub, topic, 3, { key: () => "bad" });
    await collector.completes(again.map(({ id }) => id));
    context.assertNothingLost(topic, subscription);
    context.assertKeyOrder(subscription);
  },
});
