import {
  type ApplyOptions,
  type SubscriptionSpec,
  pause,
  type PubSubError,
  type PubSubErrorCode,
  type Topology,
  type TopicSpec,
  type TopologyChange,
} from "@anytopic/core/driver";
import type { Channel } from "amqplib";
import type { Connection } from "./connection.ts";
import { toPubSubError } from "./errors.ts";
import { DELAY_LEVELS_MS, QUEUE_SETTLES_MS } from "./limits.ts";
import {
  allWaitQueueNames,
  delayLevelName,
  dueName,
  exchangeName,
  nobodyName,
  type QueueNames,
  queueNames,
} from "./names.ts";
import { bindQueue, leftBindings, unbindLeft } from "./topology/bind-queue.ts";
import { type DeclaredBindings, declaredBindings } from "./topology/declared-bindings.ts";
import { harmfulPolicies } from "./topology/harmful-policies.ts";
import { readPolicies } from "./topology/policies.ts";
import {
  deadLetterQueueArguments,
  earlierDeadLetterQueueArguments,
  type QueueArguments,
  subscriptionQueueArguments,
  waitQueueArguments,
} from "./topology/queue-arguments.ts";

type OnChannel = (channel: Channel) => Promise<unknown>;

/** An exchange or a queue. */
interface Resource {
  /** `queue orders.send-welcome-email` */
  readonly label: string;
  /** A passive declaration: rejects with 404 if it is missing. */
  readonly check: OnChannel;
  /** Rejects with 406 if it exists with other properties. */
  readonly declare: OnChannel;
  /** Declares it as an earlier version did, which is accepted too. */
  readonly declareEarlier?: OnChannel;
  readonly delete: OnChannel;
}

/**
 * AMQP cannot list anything. A passive declaration shows whether a resource exists, and a full one whether its properties are
 * as declared; of several differences the broker names the first. Bindings and the limits of a user cannot be seen, and
 * policies only by the management API. Each question has its own channel, since the answer "no" closes it.
 */
export async function planTopology(
  connection: Connection,
  topology: Topology,
  signal?: AbortSignal,
): Promise<TopologyChange[]> {
  const { prefix, management, tls } = connection.options;
  const changes: TopologyChange[] = [];
  for (const resource of resourcesOf(prefix, topology)) {
    signal?.throwIfAborted();
    changes.push(...(await compare(connection, resource)));
  }
  for (const subscription of topology.subscriptions) {
    signal?.throwIfAborted();
    changes.push(...(await planBindings(connection, subscription, changes, signal)));
  }
  if (management === undefined || topology.subscriptions.length === 0) return changes;
  const policies = await readPolicies(management, tls, signal);
  const harmful = topology.subscriptions.flatMap((spec) => harmfulPolicies(spec, queueNames(prefix, spec), policies));
  return [...changes, ...harmful];
}

/**
 * Only bindings can be changed in place. They are created again each time, since AMQP does not show them. Without `update`, those of
 * an earlier filter stay beside them: too much comes through, and nothing is lost.
 */
export async function applyTopology(
  connection: Connection,
  topology: Topology,
  { update, onCreated }: ApplyOptions,
): Promise<TopologyChange[]> {
  const { prefix } = connection.options;
  const created: TopologyChange[] = [];
  const updated: TopologyChange[] = [];
  for (const resource of resourcesOf(prefix, topology)) {
    if (await exists(connection, resource)) continue;
    // Somebody else may have created it meanwhile, with other properties.
    const other = await attempt(connection, `create ${resource.label}`, resource.declare, "TOPOLOGY_MISMATCH");
    if (other === undefined) created.push(missing(resource));
  }
  for (const subscription of topology.subscriptions) {
    const declared = declaredBindings(prefix, subscription);
    const { exchange, queue } = declared.names;
    const left = update ? await planBindings(connection, subscription, created) : [];
    await attempt(connection, `bind queue ${queue} to exchange ${exchange}`, (channel) => bindQueue(channel, declared));
    if (update) await removeLeft(connection, declared);
    updated.push(...left);
  }
  onCreated?.();
  // A confirmed publish promises durability: the new queues need time before they can keep that promise.
  if (created.some(({ resource }) => resource.startsWith("queue "))) {
    await pause(connection.context.clock, QUEUE_SETTLES_MS);
  }
  return [...created, ...updated];
}

/** What an earlier filter has left. */
async function planBindings(
  connection: Connection,
  subscription: SubscriptionSpec,
  found: readonly TopologyChange[],
  signal?: AbortSignal,
): Promise<readonly TopologyChange[]> {
  const declared = declaredBindings(connection.options.prefix, subscription);
  const filter = filterResource(declared.names.filter);
  if (declared.bindings === undefined) {
    if (!(await exists(connection, filter))) return [];
    const detail = "belongs to a filter that is not declared, or that an exchange cannot apply";
    return [{ action: "update", resource: filter.label, detail }];
  }
  // What has to be created has no bindings yet.
  if (found.some(({ resource }) => resource === filter.label)) return [];
  return await leftBindings(connection, declared, signal);
}

async function removeLeft(connection: Connection, declared: DeclaredBindings): Promise<void> {
  const filter = filterResource(declared.names.filter);
  if (declared.bindings !== undefined) await unbindLeft(connection, declared);
  else if (await exists(connection, filter)) await attempt(connection, `delete ${filter.label}`, filter.delete);
}

export async function destroyTopology(connection: Connection, topology: Topology): Promise<string[]> {
  const { prefix } = connection.options;
  // Subscriptions first, so that nothing is dead-lettered or routed to a deleted resource.
  const delays = await Promise.all(topology.topics.map((topic) => delayResources(connection, prefix, topic)));
  const filters = topology.subscriptions.map((spec) => filterResource(queueNames(prefix, spec).filter));
  const all = [...resourcesOf(prefix, topology, allWaitQueueNames), ...filters, ...delays.flat()];
  const resources = [...new Map(all.map((one) => [one.label, one])).values()].toReversed();
  const found = await Promise.all(
    resources.map(async (resource) => ((await exists(connection, resource)) ? [resource] : [])),
  );
  const deleted: string[] = [];
  for (const resource of found.flat()) {
    await attempt(connection, `delete ${resource.label}`, resource.delete);
    deleted.push(resource.label);
  }
  return deleted;
}

async function compare(connection: Connection, resource: Resource): Promise<readonly TopologyChange[]> {
  const { label, declare, declareEarlier } = resource;
  if (!(await exists(connection, resource))) return [missing(resource)];
  // A user without the permission to configure cannot compare: it is enough that the resource exists.
  const error = await attempt(connection, `compare ${label}`, declare, "PERMISSION_DENIED", "TOPOLOGY_MISMATCH");
  if (error?.code !== "TOPOLOGY_MISMATCH") return [];
  const isEarlier =
    declareEarlier !== undefined &&
    (await connection.withChannel(declareEarlier).then(
      () => true,
      () => false,
    ));
  return isEarlier ? [] : [{ action: "replace", resource: label, detail: differenceIn(error.cause) }];
}

function missing({ label }: Resource): TopologyChange {
  return { action: "create", resource: label, detail: "" };
}

async function exists(connection: Connection, { label, check }: Resource): Promise<boolean> {
  return (await attempt(connection, `look for ${label}`, check, "NOT_FOUND")) === undefined;
}

/** Returns an error with one of the `expected` codes, and throws any other. */
async function attempt(
  connection: Connection,
  what: string,
  use: OnChannel,
  ...expected: readonly PubSubErrorCode[]
): Promise<PubSubError | undefined> {
  try {
    await connection.withChannel(use);
    return undefined;
  } catch (cause) {
    const error = toPubSubError(cause, `rabbitmq: ${what}`);
    if (expected.includes(error.code)) return error;
    throw error;
  }
}

/** In the order in which they must be created: a dead-letter queue before the queues that send to it. */
function resourcesOf(
  prefix: string,
  { topics, subscriptions }: Topology,
  waitQueues: (names: QueueNames) => string[] = ({ wait }) => [wait],
): Resource[] {
  const exchanges = topics.map((topic) => exchangeResource(exchangeName(prefix, topic)));
  const queues = subscriptions.flatMap((subscription) => {
    const names = queueNames(prefix, subscription);
    return [
      queueResource(names.deadLetters, deadLetterQueueArguments(), earlierDeadLetterQueueArguments()),
      ...waitQueues(names).map((name) => queueResource(name, waitQueueArguments(names))),
      queueResource(names.queue, subscriptionQueueArguments(subscription, names)),
      ...(declaredBindings(prefix, subscription).bindings === undefined ? [] : [filterResource(names.filter)]),
    ];
  });
  return [...exchanges, ...queues];
}

/** Created when first needed, by `publish/delay-levels.ts`, the exchange of what is due first. Most topics have none. */
async function delayResources(connection: Connection, prefix: string, topic: TopicSpec): Promise<Resource[]> {
  const due = exchangeResource(dueName(prefix, topic));
  if (!(await exists(connection, due))) return [];
  const levels = DELAY_LEVELS_MS.map((_, level) => delayLevelName(prefix, topic, level));
  const queues = [nobodyName(prefix, topic), ...levels].map((name) => queueResource(name, {}));
  return [due, ...levels.map((name) => exchangeResource(name)), ...queues];
}

function exchangeResource(name: string): Resource {
  return {
    label: `exchange ${name}`,
    check: (channel) => channel.checkExchange(name),
    declare: (channel) => channel.assertExchange(name, "fanout", { durable: true }),
    delete: (channel) => channel.deleteExchange(name),
  };
}

function filterResource(name: string): Resource {
  return {
    ...exchangeResource(name),
    declare: (channel) => channel.assertExchange(name, "headers", { durable: true }),
  };
}

function queueResource(name: string, queueArguments: QueueArguments, earlier?: QueueArguments): Resource {
  const declareWith = (declared: QueueArguments): OnChannel => {
    return (channel) => channel.assertQueue(name, { durable: true, arguments: declared });
  };
  return {
    label: `queue ${name}`,
    check: (channel) => channel.checkQueue(name),
    declare: declareWith(queueArguments),
    ...(earlier && { declareEarlier: declareWith(earlier) }),
    delete: (channel) => channel.deleteQueue(name),
  };
}

/** `inequivalent arg 'x-delivery-limit' for queue 'q' in vhost '/': received '128' but current is '20'` → `x-delivery-limit is 20, declared 128` */
function differenceIn(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const found = /inequivalent arg '([^']*)' for .*: received (.*?) but current is (.*?)"?$/.exec(message);
  if (found === null) return message;
  const [, argument, declared = "", current = ""] = found;
  return `${argument} is ${plain(current)}, declared ${plain(declared)}`;
}

/** `the value '20' of type 'signedint'` and `'20'` → `20`; `none` stays, and `''` becomes `""`. */
function plain(text: string): string {
  const value = /'([^']*)'/.exec(text)?.[1] ?? text;
  return value === "" ? '""' : value;
}
