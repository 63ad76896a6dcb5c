import type { SubscriptionSpec, Topology, TopologyChange, TopicSpec } from "@anytopic/core/driver";
import type { Connection } from "./connection.ts";
import type { ProvisioningMode } from "./topology/provisioning-mode.ts";
import { destroySubscription, provisionSubscription } from "./topology/subscription-resources.ts";
import { destroyTopic, provisionTopic } from "./topology/topic-resources.ts";

/** Finds, and as far as the mode says removes, the differences between what is declared and what exists. */
export async function provision(
  connection: Connection,
  topology: Topology,
  mode: ProvisioningMode,
): Promise<readonly TopologyChange[]> {
  const changes: TopologyChange[] = [];
  for (const { topic, subscriptions } of byTopic(topology)) {
    mode.signal?.throwIfAborted();
    const found = await provisionTopic(connection, topic, mode);
    changes.push(...found.changes);
    const ofSubscriptions = await Promise.all(
      subscriptions.map((subscription) => provisionSubscription(connection, subscription, found.arn, mode)),
    );
    changes.push(...ofSubscriptions.flat());
  }
  return changes;
}

/** Deletes, subscriptions first; returns what was there. */
export async function destroy(connection: Connection, topology: Topology): Promise<readonly string[]> {
  const destroyed = await Promise.all(
    topology.subscriptions.map((subscription) => destroySubscription(connection, subscription)),
  );
  for (const topic of topology.topics) destroyed.push(await destroyTopic(connection, topic));
  return destroyed.flat();
}

/** Every topic that is declared or subscribed to, with its subscriptions. */
function byTopic(
  topology: Topology,
): Iterable<{ readonly topic: TopicSpec; readonly subscriptions: readonly SubscriptionSpec[] }> {
  const topics = new Map<string, { topic: TopicSpec; subscriptions: SubscriptionSpec[] }>();
  for (const topic of topology.topics) topics.set(topic.name, { topic, subscriptions: [] });
  for (const subscription of topology.subscriptions) {
    const { topic } = subscription;
    const known = topics.get(topic.name) ?? { topic, subscriptions: [] };
    known.subscriptions.push(subscription);
    topics.set(topic.name, known);
  }
  return topics.values();
}
