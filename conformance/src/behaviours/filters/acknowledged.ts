import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";
import { skippedIds } from "./no-attempt.ts";

const COUNT = 30;

export const acknowledged: Behaviour = behaviour({
  id: "filters.acknowledged",
  rows: [12, 41],
  statements: ["C11", "C23", "C39"],
  title: "what a worker skips is acknowledged for good when it has closed, and comes to no later worker",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({ filter: { hide: { exists: false } } });
    const [place] = await pubsub.filterPlaces(subscription);
    const collector = await context.collect(pubsub, subscription);
    await context.publish(pubsub, topic, COUNT, { attributes: { hide: "yes" } });
    const last = await context.publish(pubsub, topic, 1);
    await collector.completes(last.map(({ id }) => id));
    if (place?.appliedBy === "worker") {
      await context.eventually(() => skippedIds(context, subscription.name).length >= COUNT, "all to be skipped");
    }
    await collector.close();

    const everything = context.subscription(topic, { name: subscription.name });
    const later = await context.collect(await context.open(), everything);
    const after = await context.publish(pubsub, topic, 1, { attributes: { hide: "yes" } });
    await later.completes(after.map(({ id }) => id));
    await context.quiet();
    equal(
      later.ids,
      after.map(({ id }) => id),
      "what a later worker without a filter handles",
    );
  },
});
