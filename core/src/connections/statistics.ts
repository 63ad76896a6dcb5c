import type { Clock } from "../base/clock.ts";
import { PubSubError } from "../base/errors.ts";
import { untilAborted } from "../base/until-aborted.ts";
import { requireWithin } from "../base/within.ts";
import { combinedStatistics, type SubscriptionStatistics, UNKNOWN_STATISTICS } from "../contract/statistics.ts";
import { type AnySubscription, type Subscription, subscriptionPath } from "../declare/subscription.ts";
import type { ConnectionRouter } from "./connection-router.ts";
import { subscriptionSpec } from "./specs.ts";

/** After this time `stats` rejects, in ms: a reader that polls must not pile up requests at a broker that does not answer. */
export const STATISTICS_TIMEOUT_MS = 5000;

/** The statistics of a subscription, over all its connections. Creates nothing. */
export async function statisticsOn(
  router: ConnectionRouter,
  subscription: AnySubscription,
  clock: Clock,
  signals: readonly (AbortSignal | undefined)[],
): Promise<SubscriptionStatistics> {
  const names = router.routes.connectionsOf(subscription);
  const reading = Promise.all(names.map((name) => readOn(router, subscription, name)));
  const late = (): PubSubError =>
    new PubSubError(
      "TIMEOUT",
      `statistics of subscription ${subscriptionPath(subscription)}: the broker did not answer within ${STATISTICS_TIMEOUT_MS} ms`,
    );
  const parts = await untilAborted(requireWithin(clock, STATISTICS_TIMEOUT_MS, reading, late), ...signals);
  return parts.length === 1 ? (parts[0] as SubscriptionStatistics) : combinedStatistics(parts);
}

async function readOn(
  router: ConnectionRouter,
  subscription: AnySubscription,
  name: string,
): Promise<SubscriptionStatistics> {
  const { driver, names } = await router.connection(name);
  return Object.freeze({
    ...UNKNOWN_STATISTICS,
    ...(await driver.stats?.(subscriptionSpec(router.routes.effective(subscription as Subscription), names))),
  });
}
