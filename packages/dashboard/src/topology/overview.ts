import type { AnySubscription, AnyTopic, PubSub, SubscriptionHealth } from "@anytopic/core";
import type { Overview, SubscriptionOverview, TopicOverview } from "../api/overview.ts";
import type { DashboardContext } from "../context.ts";
import { pathOf } from "../declared-subscription.ts";
import { connectionsOf } from "./connections-of.ts";
import { knownStatistics } from "./known-statistics.ts";
import { reached } from "./reached.ts";
import { type ServicesByName, servicesByName } from "./services-by-name.ts";
import { subscriptionFacts, wireNumbers, workersByPath } from "./subscription-facts.ts";

interface Found {
  readonly pubsub: PubSub | undefined;
  readonly workers: ReadonlyMap<string, readonly SubscriptionHealth[]>;
  readonly services: ServicesByName;
}

/** Everything on the first screen. */
export async function overviewOf(context: DashboardContext): Promise<Overview> {
  const { topics, watch } = context;
  const [{ pubsub, unavailable }] = await Promise.all([reached(context), watch.statistics.look(), watch.drift.look()]);
  const found: Found = { pubsub, workers: workersByPath(pubsub), services: servicesByName(context.events.services()) };
  return {
    unavailable,
    everyMs: watch.statistics.everyMs,
    known: await knownStatistics(pubsub),
    observed: watch.rates.isObserved,
    drift: watch.drift.summary,
    topics: topics.map((topic) => topicOverview(context, topic, found)),
  };
}

function topicOverview(context: DashboardContext, topic: AnyTopic, found: Found): TopicOverview {
  const { rates, drift } = context.watch;
  const seen = rates.ofTopic(topic);
  const own = context.subscriptions.filter((one) => one.topic.name === topic.name);
  return {
    name: topic.name,
    connections: connectionsOf(found.pubsub, topic),
    publishedPerMin: seen?.publishedPerMin(rates.nowMs()) ?? null,
    services: found.services.publishingTo(topic.name),
    drift: drift.stateOf(topic.name),
    subscriptions: own.map((one) => subscriptionOverview(context, one, found)),
  };
}

function subscriptionOverview(
  context: DashboardContext,
  subscription: AnySubscription,
  { pubsub, workers, services }: Found,
): SubscriptionOverview {
  const { rates, drift } = context.watch;
  const path = pathOf(subscription);
  const facts = subscriptionFacts(context, subscription, { pubsub, workers: workers.get(path) ?? [] });
  const seen = rates.ofSubscription(subscription);
  return {
    name: subscription.name,
    connections: connectionsOf(pubsub, subscription),
    numbers: wireNumbers(facts.reading.numbers),
    error: facts.reading.error ?? null,
    waitingTrendPerMin: facts.waitingTrendPerMin ?? null,
    inPerMin: facts.inPerMin ?? null,
    outPerMin: seen?.endedPerMin(rates.nowMs()) ?? null,
    workers: facts.workers.length,
    services: services.handling(path),
    state: facts.state,
    problems: facts.problems,
    drift: drift.stateOf(path),
  };
}
