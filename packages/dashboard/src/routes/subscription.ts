import { declaredSubscription } from "../declared-subscription.ts";
import type { Route } from "../http/route.ts";
import { subscriptionDetailOf } from "../topology/subscription-detail.ts";

/** One subscription: `?of=topic/name`. */
export const subscriptionRoute: Route = {
  method: "GET",
  path: "subscription",
  run: async ({ query }, context) =>
    await subscriptionDetailOf(context, declaredSubscription(context, query.get("of"))),
};
