import type { CostOverview } from "../api/cost.ts";
import { declaredTopics } from "../cost/declared-load.ts";
import type { Route } from "../http/route.ts";
import { reached } from "../topology/reached.ts";

/** What is declared and what was observed; the page has the prices and calculates. */
export const costRoute: Route = {
  method: "GET",
  path: "cost",
  async run(_request, context): Promise<CostOverview> {
    const { pubsub } = await reached(context);
    const { load, rates } = context.watch;
    return {
      topics: declaredTopics(context.topics, context.subscriptions),
      measured: load.measured(pubsub?.adapter ?? null),
      observed: rates.isObserved,
    };
  },
};
