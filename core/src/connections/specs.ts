import type { Capabilities } from "../contract/capabilities.ts";
import type { SubscriptionSpec, Topology, TopicSpec } from "../driver.ts";
import { PubSubError } from "../base/errors.ts";
import { filterRules } from "../declare/filter.ts";
import { subscriptionPath, type AnySubscription, type Declaration } from "../declare/subscription.ts";
import type { AnyTopic } from "../declare/topic.ts";

/** Names on the broker, where the configuration gives other names than the declarations. */
export interface PhysicalNames {
  topic(topic: AnyTopic): string;
  subscription(subscription: AnySubscription): string;
}

export function topicSpec(topic: AnyTopic, names: PhysicalNames): TopicSpec {
  return Object.freeze({
    name: topic.name,
    physicalName: names.topic(topic),
    ordered: topic.orderingKey !== undefined,
    exactlyOnce: topic.deliveryGuarantee === "exactly-once",
    retentionMs: topic.retentionMs,
    replay: topic.replay,
  });
}

export function subscriptionSpec(subscription: AnySubscription, names: PhysicalNames): SubscriptionSpec {
  return Object.freeze({
    name: subscription.name,
    physicalName: names.subscription(subscription),
    topic: topicSpec(subscription.topic, names),
    ackDeadlineMs: subscription.ackDeadlineMs,
    maxRetries: subscription.retryPolicy.maxRetries,
    maxBackoffMs: subscription.retryPolicy.maxBackoffMs,
    filter: subscription.filter === undefined ? undefined : filterRules(subscription.filter),
  });
}

/** The topology of some declarations: each topic and subscription once, and the topics of all subscriptions. */
export function topologyOf(declarations: readonly Declaration[], names: PhysicalNames): Topology {
  const topics = new Map<string, TopicSpec>();
  const subscriptions = new Map<string, SubscriptionSpec>();
  for (const declaration of declarations) {
    const topic = declaration.kind === "topic" ? declaration : declaration.topic;
    topics.set(topic.name, topicSpec(topic, names));
    if (declaration.kind === "subscription") {
      subscriptions.set(subscriptionPath(declaration), subscriptionSpec(declaration, names));
    }
  }
  return Object.freeze({ topics: [...topics.values()], subscriptions: [...subscriptions.values()] });
}

/** Refuses a declaration that needs what the adapter cannot do, before anything is created (C22). */
export function requireCapabilities(
  declaration: Declaration,
  adapter: string,
  capabilities: Capabilities,
  hasInbox: boolean,
): void {
  const topic = declaration.kind === "topic" ? declaration : declaration.topic;
  const topicName = `topic "${topic.name}"`;
  const { ordering, exactlyOnce, ackDeadline, nackDelay, maxLeaseMs } = capabilities;
  const requireThat = (isSupported: boolean, what: string, lacking: string, remedy: string): void => {
    if (isSupported) return;
    throw new PubSubError("NOT_SUPPORTED", `${what}: the ${adapter} adapter has ${lacking}; ${remedy}`);
  };
  requireThat(
    topic.orderingKey === undefined || ordering !== "none",
    `${topicName} has an ordering key`,
    'ordering: "none"',
    "leave out orderingKey or choose an adapter that orders per key",
  );
  const once = `${topicName} is exactly-once`;
  const isOnce = topic.deliveryGuarantee === "exactly-once";
  requireThat(!isOnce || exactlyOnce !== "none", once, 'exactlyOnce: "none"', 'use "at-least-once" or another adapter');
  requireThat(
    !isOnce || exactlyOnce !== "inbox" || hasInbox,
    once,
    'exactlyOnce: "inbox"',
    "give connect() an inbox store: { inbox: new MemoryInbox() } or one in your database",
  );
  requireThat(
    !topic.replay || capabilities.replay !== "none",
    `${topicName} has replay: true`,
    'replay: "none"',
    "leave out replay and keep the events in an archive, or choose an adapter that keeps handled messages",
  );
  if (declaration.kind === "topic") return;
  const name = `subscription "${subscriptionPath(declaration)}"`;
  const { ackDeadlineMs, maxHandlingMs, retryPolicy } = declaration;
  const { minMs, maxMs } = ackDeadline;
  const isInRange = ackDeadlineMs >= minMs && ackDeadlineMs <= maxMs;
  const range = `ackDeadline ${minMs} to ${maxMs} ms`;
  requireThat(isInRange, `${name}: ackDeadlineMs is ${ackDeadlineMs}`, range, "choose a value in that range");
  const atMost = (option: string, value: number, capability: string, limit: number): void =>
    requireThat(value <= limit, `${name}: ${option} is ${value}`, `${capability} ${limit}`, "choose a shorter one");
  atMost("maxBackoffMs", retryPolicy.maxBackoffMs, "nackDelay.maxMs", nackDelay.maxMs);
  atMost("maxHandlingMs", maxHandlingMs, "maxLeaseMs", maxLeaseMs);
}
