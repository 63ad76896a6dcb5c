import { behaviour, exactlyOnce as hasExactlyOnce, type Behaviour } from "../../behaviour.ts";
import { sameMembers } from "../../expect.ts";

export const exactlyOnce: Behaviour = behaviour({
  id: "filters.exactly-once",
  rows: [34, 35],
  statements: ["C21", "C39"],
  title: "on an exactly-once topic each message that passes is handled once, by several workers, and no other",
  tier: "full",
  requires: hasExactlyOnce,
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair(
      { filter: { region: "eu", hide: { exists: false } } },
      { deliveryGuarantee: "exactly-once" },
    );
    const workers = [
      await context.collect(pubsub, subscription),
      await context.collect(await context.open(), subscription),
    ];
    const [taken] = await Promise.all([
      context.publish(pubsub, topic, 40, { attributes: { region: "eu" } }),
      context.publish(pubsub, topic, 40, { attributes: { region: "us" } }),
      context.publish(pubsub, topic, 40, { attributes: { region: "eu", hide: "yes" } }),
    ]);
    const handled = (): string[] => workers.flatMap(({ ids }) => ids);
    await context.eventually(() => handled().length >= taken.length, "all to be handled");
    await context.quiet();
    sameMembers(
      handled(),
      taken.map(({ id }) => id),
      "the handled ids",
    );
  },
});
