import type { Capabilities } from "../contract/capabilities.ts";
import type { SubscriptionSpec, Topology, TopicSpec } from "../driver.ts";
import { PubSubError } from "../base/errors.ts";
import type { AnySubscription } from "../declare/subscription.ts";
import type { AnyTopic } from "../declare/topic.ts";

/** Where configuration gives a resource another name than its declaration. */
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
  });
}

/** The topology of some declarations: each topic and subscription once, with the topics of the subscriptions. */
export function topologyOf(declarations: readonly (AnyTopic | AnySubscription)[], names: PhysicalNames): Topology {
  const topics = new Map<string, TopicSpec>();
  const subscriptions = new Map<string, SubscriptionSpec>();
  for (const declaration of declarations) {
    const topic = declaration.kind === "topic" ? declaration : declaration.topic;
    topics.set(topic.name, topicSpec(topic, names));
    if (declaration.kind === "subscription") {
      subscriptions.set(`${topic.name}/${declaration.name}`, subscriptionSpec(declaration, names));
    }
  }
  return Object.freeze({ topics: [...topics.values()], subscriptions: [...subscriptions.values()] });
}

/** Refuses, before anything is created, what the adapter cannot do (C22). */
export function requireCapabilities(
  declaration: AnyTopic | AnySubscription,
  adapter: string,
  capabilities: Capabilities,
  hasInbox: boolean,
): void {
  const topic = declaration.kind === "topic" ? declaration : declaration.topic;
  const refuse = (what: string, lacking: string, remedy: string): never => {
    throw new PubSubError("NOT_SUPPORTED", `${what}: the ${adapter} adapter has ${lacking}; ${remedy}`);
  };
  const topicName = `topic "${topic.name}"`;
  if (topic.orderingKey !== undefined && capabilities.ordering === "none") {
    refuse(
      `${topicName} has an ordering key`,
      'ordering: "none"',
      "leave out orderingKey or choose an adapter that orders per key",
    );
  }
  if (topic.deliveryGuarantee === "exactly-once" && capabilities.exactlyOnce === "none") {
    refuse(`${topicName} is exactly-once`, 'exactlyOnce: "none"', 'use "at-least-once" or another adapter');
  }
  if (topic.deliveryGuarantee === "exactly-once" && capabilities.exactlyOnce === "inbox" && !hasInbox) {
    refuse(
      `${topicName} is exactly-once`,
      'exactlyOnce: "inbox"',
      "give connect() an inbox store: { inbox: new MemoryInbox() } or one in your database",
    );
  }
  if (declaration.kind === "topic") return;
  const name = `subscription "${topic.name}/${declaration.name}"`;
  const { minMs, maxMs } = capabilities.ackDeadline;
  if (declaration.ackDeadlineMs < minMs || declaration.ackDeadlineMs > maxMs) {
    refuse(
      `${name}: ackDeadlineMs is ${declaration.ackDeadlineMs}`,
      `ackDeadline ${minMs} to ${maxMs} ms`,
      "choose a value in that range",
    );
  }
  if (declaration.retryPolicy.maxBackoffMs > capabilities.nackDelay.maxMs) {
    refuse(
      `${name}: maxBackoffMs is ${declaration.retryPolicy.maxBackoffMs}`,
      `nackDelay.maxMs ${capabilities.nackDelay.maxMs}`,
      "choose a shorter one",
    );
  }
  if (declaration.maxHandlingMs > capabilities.maxLeaseMs) {
    refuse(
      `${name}: maxHandlingMs is ${declaration.maxHandlingMs}`,
      `maxLeaseMs ${capabilities.maxLeaseMs}`,
      "choose a shorter one",
    );
  }
}
