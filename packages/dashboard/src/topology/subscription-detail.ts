import type { AnySubscription, PubSub, SubscriptionHealth } from "@anytopic/core";
import type {
  FilterPlaceOn,
  ObservedSubscription,
  SubscriptionDetail,
  WorkerHealth,
} from "../api/subscription-detail.ts";
import type { DashboardContext } from "../context.ts";
import { pathOf } from "../declared-subscription.ts";
import { connectionsOf } from "./connections-of.ts";
import { knownStatistics } from "./known-statistics.ts";
import { reached } from "./reached.ts";
import { servicesByName } from "./services-by-name.ts";
import { subscriptionFacts, wireNumbers, workersByPath } from "./subscription-facts.ts";
import { subscriptionSettings } from "./subscription-settings.ts";

/** Everything on the screen of one subscription. */
export async function subscriptionDetailOf(
  context: DashboardContext,
  subscription: AnySubscription,
): Promise<SubscriptionDetail> {
  const { watch } = context;
  const [{ pubsub, unavailable }] = await Promise.all([reached(context), watch.statistics.look(), watch.drift.look()]);
  const path = pathOf(subscription);
  const facts = subscriptionFacts(context, subscription, {
    pubsub,
    workers: workersByPath(pubsub).get(path) ?? [],
  });
  return {
    topic: subscription.topic.name,
    name: subscription.name,
    connections: connectionsOf(pubsub, subscription),
    everyMs: watch.statistics.everyMs,
    known: await knownStatistics(pubsub),
    state: facts.state,
    problems: facts.problems,
    numbers: wireNumbers(facts.reading.numbers),
    error: facts.reading.error ?? null,
    readAtMs: facts.reading.readAtMs ?? null,
    waitingTrendPerMin: facts.waitingTrendPerMin ?? null,
    history: watch.statistics.history(subscription),
    observed: observedOf(context, subscription),
    workers: facts.workers.map(wireWorker),
    settings: subscriptionSettings(pubsub, subscription),
    filterPlaces: await filterPlacesOf(pubsub, subscription),
    drift: watch.drift.of(path),
    unavailable,
  };
}

function observedOf(
  { watch: { rates }, events }: DashboardContext,
  subscription: AnySubscription,
): ObservedSubscription | null {
  const seen = rates.ofSubscription(subscription);
  if (seen === undefined) return null;
  const nowMs = rates.nowMs();
  return {
    publishedPerMin: rates.ofTopic(subscription.topic)?.publishedPerMin(nowMs) ?? null,
    startedPerMin: seen.startedPerMin(nowMs) ?? null,
    endedPerMin: seen.endedPerMin(nowMs) ?? null,
    counts: seen.isSeen ? seen.counts(nowMs) : null,
    waitMs: seen.waitMs(nowMs) ?? null,
    handlingMs: seen.handlingMs(nowMs) ?? null,
    ended: seen.isSeen ? seen.ended(nowMs) : [],
    failed: seen.isSeen ? seen.failed(nowMs) : [],
    errors: seen.errors,
    services: servicesByName(events.services()).handling(pathOf(subscription)),
  };
}

function wireWorker(worker: SubscriptionHealth): WorkerHealth {
  const { connection, state, capacity, running, waiting, abandoned, progressAgeMs, longestBlockMs } = worker;
  const { stuck = null, error = null, circuit = null, rate = null } = worker;
  const numbers = { capacity, running, waiting, abandoned, progressAgeMs, longestBlockMs };
  return { connection, state, ...numbers, stuck, error, circuit, rate };
}

async function filterPlacesOf(
  pubsub: PubSub | undefined,
  subscription: AnySubscription,
): Promise<readonly FilterPlaceOn[] | null> {
  try {
    const places = (await pubsub?.filterPlaces(subscription)) ?? null;
    return places?.map(({ connection, appliedBy, reason = null }) => ({ connection, appliedBy, reason })) ?? null;
  } catch {
    // A connection that cannot be opened: its error is on the screen of the connections.
    return null;
  }
}
