import { PubSubError } from "@anytopic/core";
import type { PublishRequest } from "@anytopic/core/driver";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, within } from "../../expect.ts";
import { forwardDriver, forwardPublisher } from "../../intercept.ts";

export const window: Behaviour = behaviour({
  id: "publish.window",
  rows: [39],
  statements: ["C5"],
  title: "pending and waiting publishes are limited; those beyond both limits reject with RESOURCE_EXHAUSTED",
  tier: "smoke",
  async run(context) {
    const held: (readonly PublishRequest[])[] = [];
    let hold = false;
    let send: (batch: readonly PublishRequest[]) => void = () => undefined;
    const { pubsub, topic, subscription } = await context.pair(
      {},
      {},
      {
        publish: { maxPending: 5, maxWaiting: 7, timeoutMs: 8000 },
        intercept: (driver) =>
          forwardDriver(driver, {
            openPublisher: async (spec) => {
              const publisher = await driver.openPublisher(spec);
              send = (batch) => publisher.publish(batch);
              return forwardPublisher(publisher, { publish: (batch) => (hold ? void held.push(batch) : send(batch)) });
            },
          }),
      },
    );
    const collector = await context.collect(pubsub, subscription);
    await context.publish(pubsub, topic, 1);
    hold = true;

    const publishes = Array.from({ length: 20 }, () =>
      context.publishItem(pubsub, topic, context.item()).catch((error: unknown) => error),
    );
    await context.eventually(() => held.flat().length >= 5, "five requests to reach the driver");
    equal(held.flat().length, 5, "requests at the driver while none is answered");
    hold = false;
    for (const batch of held.splice(0)) send(batch);

    const results = await Promise.all(publishes);
    const refused = results.filter((result) => result instanceof PubSubError);
    equal(
      refused.map(({ code }) => code),
      Array.from({ length: 8 }, () => "RESOURCE_EXHAUSTED"),
      "the codes of the refused",
    );
    within(context.traffic.mostPublishing, { min: 5, max: 5 }, "the most requests under way");
    await context.eventually(() => collector.completed.length >= 13, "the accepted thirteen to arrive");
    context.assertNothingLost(topic, subscription);
  },
});
