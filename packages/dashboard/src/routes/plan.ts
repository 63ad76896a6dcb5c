import type { PubSub } from "@anytopic/core";
import type { Plan } from "../api/plan.ts";
import type { Route } from "../http/route.ts";
import { reached } from "../topology/reached.ts";

/** What differs between the declarations and the broker. `?fresh=1` asks the broker again. */
export const planRoute: Route = {
  method: "GET",
  path: "plan",
  async run({ query }, context): Promise<Plan> {
    const { drift } = context.watch;
    if (query.get("fresh") === "1") await drift.compare();
    else await drift.look();
    return { ...drift.plan, blindSpots: await blindSpotsOf((await reached(context)).pubsub) };
  },
};

/** Of the connections that are open. */
async function blindSpotsOf(pubsub: PubSub | undefined): Promise<Plan["blindSpots"]> {
  if (pubsub === undefined || pubsub.isClosed) return [];
  const infos = await Promise.all(pubsub.health().connections.map(async ({ name }) => await pubsub.connection(name)));
  return infos.flatMap(({ name, blindSpot }) =>
    blindSpot === undefined ? [] : [{ connection: name, text: blindSpot }],
  );
}
