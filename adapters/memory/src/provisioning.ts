import type { SubscriptionSpec, Topology, TopicSpec, TopologyChange } from "@anytopic/core/driver";
import type { MemoryBroker } from "./broker/memory-broker.ts";

/** Compares what is declared with what exists. */
export function planTopology(broker: MemoryBroker, topology: Topology): readonly TopologyChange[] {
  const changes: TopologyChange[] = [];
  for (const topic of declaredTopics(topology)) changes.push(...topicChanges(broker, topic));
  for (const subscription of topology.subscriptions) changes.push(...subscriptionChanges(broker, subscription));
  return changes;
}

/** Creates what is missing, and with `update` changes what can be changed in place. Returns what it did. */
export function applyTopology(broker: MemoryBroker, topology: Topology, update: boolean): readonly TopologyChange[] {
  const done: TopologyChange[] = [];
  for (const spec of declaredTopics(topology)) {
    const changes = topicChanges(broker, spec).filter(({ action }) => action === "create" || update);
    const topic = broker.topic(spec.physicalName);
    if (topic === undefined) {
      broker.createTopic(spec);
    } else if (update) {
      topic.retentionMs = spec.retentionMs;
      topic.exactlyOnce = spec.exactlyOnce;
    }
    done.push(...changes.filter(({ action }) => action !== "replace"));
  }
  for (const spec of topology.subscriptions) {
    const subscription = broker.subscription(spec);
    const changes = subscriptionChanges(broker, spec).filter(({ action }) => action === "create" || update);
    if (subscription === undefined) broker.createSubscription(spec);
    else if (changes.length > 0) subscription.changeAckDeadline(spec.ackDeadlineMs);
    done.push(...changes);
  }
  return done;
}

/** Deletes, with messages and dead letters; a topic takes all its subscriptions along. Returns what was there. */
export function destroyTopology(broker: MemoryBroker, topology: Topology): readonly string[] {
  const names: string[] = [];
  for (const spec of topology.subscriptions) {
    const subscription = broker.subscription(spec);
    if (subscription === undefined) continue;
    names.push(subscriptionResource(spec));
    broker.requireTopic(spec.topic).deleteSubscription(subscription);
  }
  for (const spec of topology.topics) {
    const topic = broker.topic(spec.physicalName);
    if (topic === undefined) continue;
    for (const { path } of topic.subscriptions.values()) names.push(`subscription ${path}`);
    names.push(topicResource(spec));
    broker.deleteTopic(topic);
  }
  return names;
}

/** A subscription needs its topic, declared beside it or not. */
function declaredTopics(topology: Topology): Iterable<TopicSpec> {
  const topics = new Map(topology.topics.map((topic) => [topic.physicalName, topic]));
  for (const { topic } of topology.subscriptions)
    if (!topics.has(topic.physicalName)) topics.set(topic.physicalName, topic);
  return topics.values();
}

function topicChanges(broker: MemoryBroker, spec: TopicSpec): readonly TopologyChange[] {
  const actions = { ordered: "replace", exactlyOnce: "update", retentionMs: "update" } as const;
  return changes(topicResource(spec), broker.topic(spec.physicalName), spec, actions);
}

function subscriptionChanges(broker: MemoryBroker, spec: SubscriptionSpec): readonly TopologyChange[] {
  return changes(subscriptionResource(spec), broker.subscription(spec), spec, { ackDeadlineMs: "update" });
}

function changes<Property extends string>(
  resource: string,
  actual: Readonly<Record<NoInfer<Property>, boolean | number>> | undefined,
  declared: Readonly<Record<NoInfer<Property>, boolean | number>>,
  actions: Readonly<Record<Property, "update" | "replace">>,
): readonly TopologyChange[] {
  if (actual === undefined) return [{ action: "create", resource, detail: "" }];
  return (Object.keys(actions) as Property[])
    .filter((property) => actual[property] !== declared[property])
    .map((property) => ({
      action: actions[property],
      resource,
      detail: `${property} is ${actual[property]}, declared ${declared[property]}`,
    }));
}

function topicResource(spec: TopicSpec): string {
  return `topic ${spec.physicalName}`;
}

function subscriptionResource(spec: SubscriptionSpec): string {
  return `subscription ${spec.topic.physicalName}/${spec.physicalName}`;
}
