import type { AnySubscription, PubSub, SubscriptionHealth, SubscriptionStatistics } from "@anytopic/core";
import type { Numbers } from "../api/numbers.ts";
import type { Problem, SubscriptionState } from "../api/overview.ts";
import type { DashboardContext } from "../context.ts";
import { pathOf } from "../declared-subscription.ts";
import type { Reading } from "../statistics/statistics-poll.ts";
import { inForce } from "./in-force.ts";
import { problemsOf, stateOf } from "./problems.ts";

/** What both the overview and the screen of one subscription show. */
export interface SubscriptionFacts {
  readonly reading: Reading;
  readonly workers: readonly SubscriptionHealth[];
  readonly state: SubscriptionState;
  readonly problems: readonly Problem[];
  readonly waitingTrendPerMin: number | undefined;
  readonly inPerMin: number | undefined;
}

export function subscriptionFacts(
  { watch: { statistics, rates, drift } }: DashboardContext,
  subscription: AnySubscription,
  { pubsub, workers }: { readonly pubsub: PubSub | undefined; readonly workers: readonly SubscriptionHealth[] },
): SubscriptionFacts {
  const facts = {
    subscription,
    reading: statistics.reading(subscription),
    workers,
    drift: drift.stateOf(pathOf(subscription)),
    isBrokerAway: pubsub === undefined,
  };
  const problems = problemsOf(facts);
  return {
    reading: facts.reading,
    workers,
    problems,
    state: stateOf(problems, facts),
    waitingTrendPerMin: statistics.waitingTrendPerMin(subscription),
    // How much of it a filter lets pass is not known.
    inPerMin:
      inForce(pubsub, subscription).filter === undefined
        ? rates.ofTopic(subscription.topic)?.publishedPerMin(rates.nowMs())
        : undefined,
  };
}

/** The workers of this process, by the path of their subscription. */
export function workersByPath(pubsub: PubSub | undefined): ReadonlyMap<string, readonly SubscriptionHealth[]> {
  const found = new Map<string, SubscriptionHealth[]>();
  for (const worker of pubsub?.health().subscriptions ?? []) {
    const path = `${worker.topic}/${worker.subscription}`;
    found.set(path, [...(found.get(path) ?? []), worker]);
  }
  return found;
}

export function wireNumbers(numbers: SubscriptionStatistics | undefined): Numbers {
  return {
    waiting: numbers?.waiting ?? null,
    inFlight: numbers?.inFlight ?? null,
    delayed: numbers?.delayed ?? null,
    oldestAgeMs: numbers?.oldestAgeMs ?? null,
    deadLetters: numbers?.deadLetters ?? null,
  };
}
