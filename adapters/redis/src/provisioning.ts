import type { SubscriptionSpec, Topology, TopicSpec, TopologyChange } from "@anytopic/core/driver";
import type { Connection } from "./connection.ts";
import { replyWord, toPubSubError } from "./errors.ts";
import { subscriptionNames, topicNames } from "./names.ts";

/** Compares what is declared with what exists. */
export async function planTopology(
  connection: Connection,
  topology: Topology,
  signal?: AbortSignal,
): Promise<readonly TopologyChange[]> {
  signal?.throwIfAborted();
  const changes: TopologyChange[] = [];
  for (const topic of declaredTopics(topology)) {
    const { stream } = topicNames(connection.options.prefix, topic);
    if ((await send(connection, ["EXISTS", stream])) === 0)
      changes.push({ action: "create", resource: `stream ${stream}`, detail: "" });
  }
  for (const subscription of topology.subscriptions) {
    const { stream, group } = subscriptionNames(connection.options.prefix, subscription);
    if (!(await groups(connection, stream)).includes(group))
      changes.push({ action: "create", resource: `group ${group} of stream ${stream}`, detail: "" });
  }
  return changes;
}

/** Creates what is missing. Returns what it did. */
export async function applyTopology(
  connection: Connection,
  topology: Topology,
  _update: boolean,
): Promise<readonly TopologyChange[]> {
  const changes = await planTopology(connection, topology);
  for (const topic of declaredTopics(topology)) {
    const names = topicNames(connection.options.prefix, topic);
    await createGroup(connection, names.stream, "anytopic-setup", "$");
    await send(connection, ["XGROUP", "DESTROY", names.stream, "anytopic-setup"]);
    await send(connection, [
      "HSET",
      names.meta,
      ...["ordered", String(topic.ordered), "exactlyOnce", String(topic.exactlyOnce)],
      ...["retentionMs", String(topic.retentionMs)],
    ]);
  }
  for (const subscription of topology.subscriptions) {
    const names = subscriptionNames(connection.options.prefix, subscription);
    await createGroup(connection, names.dead, "anytopic-setup", "$");
    await send(connection, ["XGROUP", "DESTROY", names.dead, "anytopic-setup"]);
    await createGroup(connection, names.again, names.group, "0");
    await createGroup(connection, names.stream, names.group, "$");
  }
  return changes;
}

/** Deletes, with messages and dead letters; a topic with all its subscriptions. Returns what was there. */
export async function destroyTopology(connection: Connection, topology: Topology): Promise<readonly string[]> {
  const names: string[] = [];
  for (const subscription of topology.subscriptions)
    names.push(...(await destroySubscription(connection, subscription)));
  for (const topic of topology.topics) {
    const { stream, meta, seen } = topicNames(connection.options.prefix, topic);
    for (const group of await groups(connection, stream)) {
      const spec = { physicalName: group, topic } as SubscriptionSpec;
      names.push(...(await destroySubscription(connection, spec)));
    }
    if ((await send(connection, ["DEL", stream, meta, ...seen])) !== 0) names.push(`stream ${stream}`);
  }
  return names;
}

async function destroySubscription(connection: Connection, spec: SubscriptionSpec): Promise<readonly string[]> {
  const { stream, group, again, due, held, busy, parked, dead, taken } = subscriptionNames(
    connection.options.prefix,
    spec,
  );
  const existed = (await groups(connection, stream)).includes(group);
  if (existed) await send(connection, ["XGROUP", "DESTROY", stream, group]);
  await send(connection, ["DEL", again, due, held, busy, parked, dead, taken]);
  return existed ? [`group ${group} of stream ${stream}`] : [];
}

async function groups(connection: Connection, stream: string): Promise<readonly string[]> {
  if ((await send(connection, ["EXISTS", stream])) === 0) return [];
  const reply = (await send(connection, ["XINFO", "GROUPS", stream])) as readonly (readonly unknown[])[];
  return reply.map((each) => String(each[1]));
}

async function createGroup(connection: Connection, stream: string, group: string, start: string): Promise<void> {
  try {
    await connection.send(["XGROUP", "CREATE", stream, group, start, "MKSTREAM"]);
  } catch (error) {
    if (replyWord(error) !== "BUSYGROUP") throw toPubSubError(error, `create group ${group} of stream ${stream}`);
  }
}

async function send(connection: Connection, parts: readonly string[]): Promise<unknown> {
  try {
    return await connection.send(parts);
  } catch (error) {
    throw toPubSubError(error, parts.slice(0, 2).join(" "));
  }
}

/** The topics of the declared subscriptions too: a subscription needs its topic, whether that is declared beside it or not. */
function declaredTopics(topology: Topology): readonly TopicSpec[] {
  const topics = new Map(topology.topics.map((topic) => [topic.physicalName, topic]));
  for (const { topic } of topology.subscriptions)
    if (!topics.has(topic.physicalName)) topics.set(topic.physicalName, topic);
  return [...topics.values()];
}
