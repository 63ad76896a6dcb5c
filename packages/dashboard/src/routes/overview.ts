import type { Route } from "../http/route.ts";
import { overviewOf } from "../topology/overview.ts";

/** Topics and subscriptions with their numbers. */
export const overviewRoute: Route = {
  method: "GET",
  path: "overview",
  run: async (_request, context) => await overviewOf(context),
};
