import type { ConnectionRouter } from "./connection-router.ts";
import { subscriptionSpec } from "./specs.ts";
import type { SubscriptionFilter } from "../declare/filter.ts";
import type { AnySubscription, Subscription } from "../declare/subscription.ts";

/** Where the filter of a subscription is applied on one connection. */
export interface FilterPlace {
  /** The connection's name in the configuration; `"default"` where there is none. */
  readonly connection: string;
  /** With what the configuration replaces. */
  readonly filter: SubscriptionFilter;
  /** `"broker"`: the broker lets only those messages through, and the worker checks again. `"worker"`: some or all of the rest come to the worker, which acknowledges them. */
  readonly appliedBy: "broker" | "worker";
  /** Why the broker does not apply it, or not all of it. `undefined` with `"broker"`. */
  readonly reason: string | undefined;
}

export async function filterPlacesOn(
  router: ConnectionRouter,
  declared: AnySubscription,
): Promise<readonly FilterPlace[]> {
  const subscription = router.routes.effective(declared as Subscription);
  const { filter } = subscription;
  if (filter === undefined) return [];
  const names = router.routes.connectionsOf(subscription);
  return await Promise.all(
    names.map(async (name) => {
      const { adapter, capabilities, names: physical } = await router.connection(name);
      const reason =
        capabilities.filter === "worker"
          ? `the ${adapter.name} adapter leaves filters to the worker`
          : adapter.filterInWorker?.(subscriptionSpec(subscription, physical));
      return Object.freeze({
        connection: name,
        filter,
        appliedBy: reason === undefined ? ("broker" as const) : ("worker" as const),
        reason,
      });
    }),
  );
}
