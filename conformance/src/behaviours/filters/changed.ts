import type { SubscriptionFilter } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, sameMembers } from "../../expect.ts";

/** In turn. `undefined`: no filter. */
const FILTERS: readonly (SubscriptionFilter | undefined)[] = [
  undefined,
  { region: "eu" },
  { region: ["eu", "us"] },
  { region: { prefix: "u" } },
  undefined,
];

export const changed: Behaviour = behaviour({
  id: "filters.changed",
  rows: [24],
  statements: ["C27", "C39"],
  title:
    "a filter can be added, changed and removed, with an update or without: nothing that passes the new one is lost",
  tier: "full",
  async run(context) {
    const pubsub = await context.open();
    const topic = context.topic();
    const { name } = context.subscription(topic);
    for (const update of [true, false]) {
      for (const filter of FILTERS) {
        const subscription = context.subscription(topic, { name, ...(filter && { filter }) });
        await pubsub.apply([subscription], { update });
        if (update) {
          const left = (await pubsub.plan([subscription])).filter(({ action }) => action !== "replace");
          equal(left, [], `the plan after an update to ${JSON.stringify(filter)}`);
        }
        const sent = new Map<string, string>();
        for (const region of ["eu", "us", "eu"]) {
          const { id } = await context.publishItem(pubsub, topic, context.item(), { attributes: { region } });
          sent.set(id, region);
        }
        const passing = [...sent].flatMap(([id, region]) => (passes(filter, region) ? [id] : []));
        const collector = await context.collect(pubsub, subscription);
        await collector.completes(passing);
        // The rest is skipped, or was never there: the next worker does not get it.
        const skips = await context.publishItem(pubsub, topic, context.item(), { attributes: { region: "eu,us" } });
        if (filter === undefined) await collector.completes([skips.id]);
        else await context.quiet(500);
        await collector.close();
        sameMembers(
          collector.ids,
          filter === undefined ? [...passing, skips.id] : passing,
          `what ${JSON.stringify(filter)} lets pass, ${update ? "after an update" : "without an update"}`,
        );
      }
    }
  },
});

function passes(filter: SubscriptionFilter | undefined, region: string): boolean {
  const condition = filter?.["region"];
  if (condition === undefined) return true;
  if (typeof condition === "object" && "prefix" in condition) return region.startsWith(condition.prefix);
  return typeof condition === "string" ? region === condition : Array.isArray(condition) && condition.includes(region);
}
