import type { SubscriptionSpec, Topology, TopicSpec, TopologyChange } from "@anytopic/core/driver";
import type { Connection } from "./connection.ts";
import { toPubSubError } from "./errors.ts";
import { subscriptionNames, topicNames } from "./names.ts";
import { CREATE_SUBSCRIPTION, CREATE_TOPIC } from "./scripts/create.ts";
import type { Script } from "./scripts/script.ts";
import {
  groupIn,
  groupSetting,
  leaseDifference,
  leaseSetting,
  subscriptionOfGroup,
  subscriptionsIn,
  topicDifferences,
  topicSettings,
} from "./topology/declared-settings.ts";
import { Look } from "./topology/look.ts";

/** Compares what is declared with what exists. */
export async function planTopology(
  connection: Connection,
  topology: Topology,
  signal?: AbortSignal,
): Promise<readonly TopologyChange[]> {
  const look = new Look(connection);
  const { prefix } = connection.options;
  const changes: TopologyChange[] = [];
  for (const topic of declaredTopics(topology)) {
    signal?.throwIfAborted();
    changes.push(...(await topicChanges(look, prefix, topic)));
  }
  for (const subscription of topology.subscriptions) {
    signal?.throwIfAborted();
    changes.push(...(await subscriptionChanges(look, prefix, subscription)));
  }
  return changes;
}

/** Creates what is missing, and with `update` changes what can be changed in place. Returns what it did. */
export async function applyTopology(
  connection: Connection,
  topology: Topology,
  update: boolean,
): Promise<readonly TopologyChange[]> {
  const { prefix } = connection.options;
  const done: TopologyChange[] = [];
  for (const topic of declaredTopics(topology)) {
    const { stream, meta } = topicNames(prefix, topic);
    const settings = [...topicSettings(topic)].flat();
    done.push(...(await create(connection, CREATE_TOPIC, [stream, meta], settings, topicResources(prefix, topic))));
  }
  for (const subscription of topology.subscriptions) {
    const { stream, meta, again, dead, group } = subscriptionNames(prefix, subscription);
    const lease = [leaseSetting(subscription), String(subscription.ackDeadlineMs)];
    const settings = [group, ...lease, groupSetting(subscription)];
    const resources = subscriptionResources(prefix, subscription);
    done.push(...(await create(connection, CREATE_SUBSCRIPTION, [stream, meta, again, dead], settings, resources)));
  }
  if (update) done.push(...(await changeInPlace(connection, topology)));
  return done;
}

/** Deletes, with messages and dead letters; a topic with all its subscriptions. Returns what was there. */
export async function destroyTopology(connection: Connection, topology: Topology): Promise<readonly string[]> {
  const look = new Look(connection);
  const { prefix } = connection.options;
  const deleted: string[] = [];
  for (const subscription of topology.subscriptions)
    deleted.push(...(await destroySubscription(connection, subscription)));
  for (const topic of topology.topics) {
    const { stream, meta, seen, later, kept } = topicNames(prefix, topic);
    const settings = (await look.type(meta)) === "hash" ? await look.settings(meta) : new Map<string, string>();
    const groups = (await look.groups(stream)).map(subscriptionOfGroup);
    const created = new Set([...groups, ...subscriptionsIn(settings)]);
    for (const physicalName of created)
      deleted.push(...(await destroySubscription(connection, { physicalName, topic } as SubscriptionSpec)));
    const [streamResource = "", metaResource = ""] = topicResources(prefix, topic);
    deleted.push(...(await unlink(connection, streamResource, stream, "stream")));
    deleted.push(...(await unlink(connection, metaResource, meta, "hash")));
    await send(connection, ["UNLINK", ...seen, later, kept], `the ids and scheduled messages of topic ${topic.name}`);
  }
  return deleted;
}

async function destroySubscription(connection: Connection, spec: SubscriptionSpec): Promise<readonly string[]> {
  const { prefix } = connection.options;
  const names = subscriptionNames(prefix, spec);
  const { stream, meta, again, dead, due, held, busy, parked, taken } = names;
  const look = new Look(connection);
  const isMeta = (await look.type(meta)) === "hash";
  const group = groupIn(isMeta ? await look.settings(meta) : new Map<string, string>(), spec);
  const [groupResource = "", againResource = "", deadResource = ""] = subscriptionResources(prefix, spec);
  const deleted: string[] = [];
  if ((await look.groups(stream)).includes(group)) {
    await send(connection, ["XGROUP", "DESTROY", stream, group], groupResource);
    deleted.push(groupResource);
  }
  deleted.push(...(await unlink(connection, againResource, again, "stream")));
  deleted.push(...(await unlink(connection, deadResource, dead, "stream")));
  await send(connection, ["UNLINK", due, held, busy, parked, taken], groupResource);
  if (isMeta) await send(connection, ["HDEL", meta, leaseSetting(spec), groupSetting(spec)], groupResource);
  return deleted;
}

/** A key of another type is not ours, and stays. */
async function unlink(connection: Connection, resource: string, key: string, type: string): Promise<readonly string[]> {
  if ((await new Look(connection).type(key)) !== type) return [];
  return (await send(connection, ["UNLINK", key], resource)) === 1 ? [resource] : [];
}

async function create(
  connection: Connection,
  script: Script,
  keys: readonly string[],
  args: readonly string[],
  resources: readonly string[],
): Promise<readonly TopologyChange[]> {
  try {
    const created = (await connection.script(script, keys, args)) as readonly number[];
    return resources.filter((_, at) => created[at] === 1).map(creation);
  } catch (error) {
    throw toPubSubError(error, `create ${resources[0]}`);
  }
}

async function changeInPlace(connection: Connection, topology: Topology): Promise<readonly TopologyChange[]> {
  const { prefix } = connection.options;
  const changes = (await planTopology(connection, topology)).filter(({ action }) => action === "update");
  const isChanged = (resource: string | undefined): boolean => changes.some((change) => change.resource === resource);
  for (const topic of declaredTopics(topology)) {
    const resource = topicResources(prefix, topic)[1];
    const settings = [...topicSettings(topic)].flat();
    if (isChanged(resource)) await send(connection, ["HSET", topicNames(prefix, topic).meta, ...settings], resource);
  }
  for (const subscription of topology.subscriptions) {
    const resource = subscriptionResources(prefix, subscription)[0];
    const { meta } = topicNames(prefix, subscription.topic);
    const lease = [leaseSetting(subscription), String(subscription.ackDeadlineMs)];
    if (isChanged(resource)) await send(connection, ["HSET", meta, ...lease], resource);
  }
  return changes;
}

async function topicChanges(look: Look, prefix: string, topic: TopicSpec): Promise<readonly TopologyChange[]> {
  const { stream, meta } = topicNames(prefix, topic);
  const [streamResource = "", metaResource = ""] = topicResources(prefix, topic);
  const metaType = await look.type(meta);
  return [
    ...ofType(streamResource, await look.type(stream), "stream"),
    ...ofType(metaResource, metaType, "hash"),
    ...(metaType === "hash" ? topicDifferences(metaResource, topic, await look.settings(meta)) : []),
  ];
}

async function subscriptionChanges(
  look: Look,
  prefix: string,
  subscription: SubscriptionSpec,
): Promise<readonly TopologyChange[]> {
  const { stream, meta, again, dead } = subscriptionNames(prefix, subscription);
  const [groupResource = "", againResource = "", deadResource = ""] = subscriptionResources(prefix, subscription);
  const settings = (await look.type(meta)) === "hash" ? await look.settings(meta) : new Map<string, string>();
  const group = groupIn(settings, subscription);
  const againType = await look.type(again);
  const lacksGroup = againType === "stream" && !(await look.groups(again)).includes(group);
  const exists = (await look.groups(stream)).includes(group);
  const moved: readonly TopologyChange[] =
    exists && !subscription.topic.replay && group !== subscription.physicalName
      ? [
          {
            action: "replace",
            resource: groupResource,
            detail: `a seek made ${group} of it: declare the topic with replay: true, or destroy the subscription`,
          },
        ]
      : [];
  return [
    ...moved,
    ...(exists ? leaseDifference(groupResource, subscription, settings) : [creation(groupResource)]),
    ...(lacksGroup ? [creation(againResource)] : ofType(againResource, againType, "stream")),
    ...ofType(deadResource, await look.type(dead), "stream"),
  ];
}

function ofType(resource: string, actual: string, declared: string): readonly TopologyChange[] {
  if (actual === declared) return [];
  if (actual === "none") return [creation(resource)];
  return [{ action: "replace", resource, detail: `it is a ${actual}, declared a ${declared}` }];
}

function creation(resource: string): TopologyChange {
  return { action: "create", resource, detail: "" };
}

/** In the order in which the script answers. */
function topicResources(prefix: string, topic: TopicSpec): readonly string[] {
  const { stream, meta } = topicNames(prefix, topic);
  return [`stream ${stream}`, `hash ${meta}`];
}

function subscriptionResources(prefix: string, subscription: SubscriptionSpec): readonly string[] {
  const { stream, group, again, dead } = subscriptionNames(prefix, subscription);
  return [`group ${group} of stream ${stream}`, `stream ${again}`, `stream ${dead}`];
}

/** The topics of the declared subscriptions too: a subscription needs its topic, whether that is declared beside it or not. */
function declaredTopics(topology: Topology): readonly TopicSpec[] {
  const topics = new Map(topology.topics.map((topic) => [topic.physicalName, topic]));
  for (const { topic } of topology.subscriptions)
    if (!topics.has(topic.physicalName)) topics.set(topic.physicalName, topic);
  return [...topics.values()];
}

async function send(connection: Connection, parts: readonly string[], resource: string | undefined): Promise<unknown> {
  try {
    return await connection.send(parts);
  } catch (error) {
    throw toPubSubError(error, `${parts[0]} for ${resource}`);
  }
}
