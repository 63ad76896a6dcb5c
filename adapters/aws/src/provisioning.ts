import type { SubscriptionSpec, Topology, TopologyChange, TopicSpec } from "@anytopic/core/driver";
import type { Connection } from "./connection.ts";
import { destroySubscription, provisionSubscription } from "./topology/subscriptions.ts";
import { destroyTopic, type ProvisioningMode, provisionTopic } from "./topology/topics.ts";

export function planTopology(
  connection: Connection,
  topology: Topology,
  signal?: AbortSignal,
): Promise<readonly TopologyChange[]> {
  return provision(connection, topology, { create: false, update: false, signal });
}

export async function applyTopology(
  connection: Connection,
  topology: Topology,
  update: boolean,
): Promise<readonly TopologyChange[]> {
  const changed = new Set<TopologyChange>();
  const changes = await provision(connection, topology, { create: true, update, changed });
  return changes.filter(
    (change) => change.action === "create" || (change.action === "update" && update) || changed.has(change),
  );
}

/** Deletes, subscriptions first. */
export async function destroyTopology(connection: Connection, topology: Topology): Promise<readonly string[]> {
  const destroyed = await Promise.all(
    topology.subscriptions.map((subscription) => destroySubscription(connection, subscription)),
  );
  for (const topic of topology.topics) destroyed.push(await destroyTopic(connection, topic));
  return destroyed.flat();
}

/** Finds the differences between what is declared and what exists, and removes those that the mode names. */
async function provision(
  connection: Connection,
  topology: Topology,
  mode: ProvisioningMode,
): Promise<readonly TopologyChange[]> {
  const changes: TopologyChange[] = [];
  for (const [topic, subscriptions] of byTopic(topology)) {
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

/** Every topic that is declared or has a declared subscription, with its subscriptions. */
function byTopic({ topics, subscriptions }: Topology): readonly (readonly [TopicSpec, readonly SubscriptionSpec[]])[] {
  const all = new Map([...topics, ...subscriptions.map(({ topic }) => topic)].map((topic) => [topic.name, topic]));
  return [...all.values()].map((topic) => [topic, subscriptions.filter((each) => each.topic.name === topic.name)]);
}
