import type { SubscriptionSpec, Topology, TopicSpec, TopologyChange } from "@anytopic/core/driver";
import type { MemoryBroker } from "./broker/memory-broker.ts";

/** Compares what is declared with what exists. */
export function planTopology(broker: MemoryBroker, topology: Topology): readonly TopologyChange[] {
  return [
    ...declaredTopics(topology).flatMap((spec) => topicChanges(broker, spec)),
    ...topology.subscriptions.flatMap((spec) => subscriptionChanges(broker, spec)),
  ];
}

/** Creates what is missing, and with `update` changes what can be changed in place. Returns what it did. */
export function applyTopology(broker: MemoryBroker, topology: Topology, update: boolean): readonly TopologyChange[] {
  const planned = planTopology(broker, topology);
  for (const spec of declaredTopics(topology)) {
    const topic = broker.topic(spec.physicalName);
    if (topic === undefined) {
      broker.createTopic(spec);
    } else if (update) {
      topic.retentionMs = spec.retentionMs;
      topic.exactlyOnce = spec.exactlyOnce;
      topic.replay = spec.replay;
    }
  }
  for (const spec of topology.subscriptions) {
    const subscription = broker.subscription(spec);
    if (subscription === undefined) broker.createSubscription(spec);
    else if (update && subscription.ackDeadlineMs !== spec.ackDeadlineMs)
      subscription.changeAckDeadline(spec.ackDeadlineMs);
  }
  return planned.filter(({ action }) => action === "create" || (update && action === "update"));
}

/** Deletes, with messages and dead letters; a topic with all its subscriptions. Returns what was there. */
export function destroyTopology(broker: MemoryBroker, topology: Topology): readonly string[] {
  const names: string[] = [];
  for (const spec of topology.subscriptions) {
    const subscription = broker.subscription(spec);
    if (subscription === undefined) continue;
    names.push(`subscription ${subscription.path}`);
    broker.requireTopic(spec.topic).deleteSubscription(subscription);
  }
  for (const spec of topology.topics) {
    const topic = broker.topic(spec.physicalName);
    if (topic === undefined) continue;
    for (const { path } of topic.subscriptions.values()) names.push(`subscription ${path}`);
    names.push(`topic ${topic.name}`);
    broker.deleteTopic(topic);
  }
  return names;
}

/** The topics of the declared subscriptions too: a subscription needs its topic, whether that is declared beside it or not. */
function declaredTopics(topology: Topology): readonly TopicSpec[] {
  const topics = new Map(topology.topics.map((topic) => [topic.physicalName, topic]));
  for (const { topic } of topology.subscriptions)
    if (!topics.has(topic.physicalName)) topics.set(topic.physicalName, topic);
  return [...topics.values()];
}

function topicChanges(broker: MemoryBroker, spec: TopicSpec): readonly TopologyChange[] {
  const actions = { ordered: "replace", exactlyOnce: "update", retentionMs: "update", replay: "update" } as const;
  return changes(`topic ${spec.physicalName}`, broker.topic(spec.physicalName), spec, actions);
}

function subscriptionChanges(broker: MemoryBroker, spec: SubscriptionSpec): readonly TopologyChange[] {
  const resource = `subscription ${spec.topic.physicalName}/${spec.physicalName}`;
  return changes(resource, broker.subscription(spec), spec, { ackDeadlineMs: "update" });
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
