import { pause, PubSubError, type SubscriptionSpec, type Topology, type TopologyChange } from "@anytopic/core/driver";
import { JetStreamApiError, type ConsumerInfo, type StreamInfo } from "@nats-io/jetstream";
import type { Connection } from "./connection.ts";
import { ErrCode, toPubSubError } from "./errors.ts";
import { subscriptionNames, topicNames } from "./names.ts";
import { existing } from "./topology/consumer-position.ts";
import { consumerDifference, streamDifference } from "./topology/differences.ts";
import {
  CONSUMER_UPDATES,
  type ConsumerDeclaration,
  consumerResource,
  deadLetterConsumer,
  deadLetterStream,
  leaderStream,
  type StreamDeclaration,
  streamResource,
  subscriptionConsumer,
  topicStream,
} from "./topology/topology-config.ts";

/**
 * The server's errors when another process creates the same resource at the same time. The last two are also errors about
 * half created resources (seen on 2.9.10), and about real mistakes, which a new try does not remove.
 */
const CREATED_MEANWHILE: readonly number[] = [
  ErrCode.STREAM_NAME_IN_USE,
  ErrCode.CONSUMER_EXISTS,
  ErrCode.SUBJECTS_OVERLAP,
  ErrCode.INVALID_STREAM,
];
const MAX_TRIES = 10;
const RETRY_MS = 50;

/** One stream or consumer. */
interface Resource {
  readonly name: string;
  /** Undefined when it fits; a `"create"` when it does not exist. */
  compare(): Promise<TopologyChange | undefined>;
  /** Both return how the server's result differs from the declaration. */
  create(): Promise<TopologyChange | undefined>;
  update(): Promise<TopologyChange | undefined>;
}

export async function planTopology(
  connection: Connection,
  topology: Topology,
  signal?: AbortSignal,
): Promise<readonly TopologyChange[]> {
  const changes: TopologyChange[] = [];
  for (const resource of resources(connection, topology)) {
    signal?.throwIfAborted();
    const found = await mapped(`look at ${resource.name}`, async () => resource.compare());
    if (found !== undefined) changes.push(found);
  }
  return changes;
}

export async function applyTopology(
  connection: Connection,
  topology: Topology,
  update: boolean,
): Promise<readonly TopologyChange[]> {
  const done: TopologyChange[] = [];
  for (const resource of resources(connection, topology)) {
    const change = await mapped(`create ${resource.name}`, async () => applyOne(connection, resource, update));
    if (change !== undefined) done.push(change);
  }
  return done;
}

async function applyOne(
  connection: Connection,
  resource: Resource,
  update: boolean,
): Promise<TopologyChange | undefined> {
  let found = await resource.compare();
  for (let tries = 1; found?.action === "create"; tries += 1) {
    try {
      requireTaken(connection, resource, await connection.creating.run(() => resource.create()));
      return found;
    } catch (error) {
      if (!isApiError(error, ...CREATED_MEANWHILE) || tries === MAX_TRIES) throw error;
      if (tries > 1) await pause(connection.context.clock, RETRY_MS);
      found = await resource.compare();
    }
  }
  if (!update || found?.action !== "update") return undefined;
  requireTaken(connection, resource, await resource.update());
  return found;
}

/** Old servers silently ignore settings that they do not know. */
function requireTaken(connection: Connection, resource: Resource, difference: TopologyChange | undefined): void {
  if (difference === undefined) return;
  const version = connection.nc.info?.version ?? "unknown";
  throw new PubSubError(
    "NOT_SUPPORTED",
    `nats-server ${version} did not take the configuration of ${resource.name}: ${difference.detail}; upgrade the server or change the option`,
  );
}

export async function destroyTopology(connection: Connection, topology: Topology): Promise<readonly string[]> {
  const { prefix } = connection.options;
  const { streams, consumers } = connection.jsm;
  const deleted: string[] = [];
  const remove = async (name: string, run: () => Promise<boolean>): Promise<void> => {
    await mapped(`delete ${name}`, async () => {
      try {
        await run();
        deleted.push(name);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    });
  };
  const removeStream = async (name: string) => remove(streamResource(name), async () => streams.delete(name));
  for (const subscription of topology.subscriptions) {
    const names = subscriptionNames(prefix, subscription);
    const { stream, deadLetterStream, leaderStream } = names;
    const found = await mapped(`look at consumer ${stream}/${names.consumer}`, () => existing(connection, names));
    for (const { name } of found)
      await remove(`consumer ${stream}/${name}`, async () => consumers.delete(stream, name));
    await removeStream(deadLetterStream);
    await removeStream(leaderStream);
  }
  for (const topic of topology.topics) await removeStream(topicNames(prefix, topic).stream);
  return deleted;
}

function resources(connection: Connection, { topics, subscriptions }: Topology): Resource[] {
  const { options } = connection;
  return [
    ...topics.map((topic) => streamAsResource(connection, topicStream(options, topic))),
    ...subscriptions.flatMap((subscription) => [
      subscriptionAsResource(connection, subscription),
      streamAsResource(connection, deadLetterStream(options, subscription)),
      consumerAsResource(connection, deadLetterConsumer(options, subscription)),
      ...(subscription.topic.ordered ? [streamAsResource(connection, leaderStream(options, subscription))] : []),
    ]),
  ];
}

function streamAsResource({ jsm: { streams } }: Connection, config: StreamDeclaration): Resource {
  const name = streamResource(config.name);
  const difference = (info: StreamInfo): TopologyChange | undefined => streamDifference(config, info.config);
  return {
    name,
    compare: async () => streams.info(config.name).then(difference, creationOf(name)),
    create: async () => difference(await streams.add(config)),
    update: async () => difference(await streams.update(config.name, config)),
  };
}

function consumerAsResource({ jsm: { consumers } }: Connection, declared: ConsumerDeclaration): Resource {
  const { stream, config } = declared;
  const name = consumerResource(declared);
  const difference = (info: ConsumerInfo): TopologyChange | undefined => consumerDifference(declared, info.config);
  return {
    name,
    compare: async () => consumers.info(stream, config.durable_name).then(difference, creationOf(name)),
    create: async () => difference(await consumers.add(stream, config)),
    update: async () => difference(await consumers.update(stream, config.durable_name, config)),
  };
}

/** The consumer of a subscription, which may have been put to another position, and has another name there. */
function subscriptionAsResource(connection: Connection, subscription: SubscriptionSpec): Resource {
  const { options, jsm } = connection;
  const { replay } = subscription.topic;
  const declared = subscriptionConsumer(options, subscription);
  const resource = consumerAsResource(connection, declared);
  const names = subscriptionNames(options.prefix, subscription);
  const current = async (): Promise<ConsumerInfo | undefined> => (await existing(connection, names)).at(-1);
  return {
    ...resource,
    async compare() {
      if (!replay) {
        const found = await resource.compare();
        // A topic without replay is not looked through: a seek when it had it may have left the consumer under another name.
        if (found?.action !== "create") return found;
      }
      const info = await current();
      if (info === undefined) return resource.compare();
      if (!replay && info.name !== names.consumer) {
        const detail = `a seek made ${info.name} of it: declare the topic with replay: true, or destroy the subscription`;
        return { action: "replace", resource: resource.name, detail };
      }
      return consumerDifference(declared, info.config);
    },
    async update() {
      if (!replay) return resource.update();
      // Not where it starts: that cannot be changed.
      const changes = Object.fromEntries(CONSUMER_UPDATES.map((setting) => [setting, declared.config[setting]]));
      const name = (await current())?.name ?? names.consumer;
      const changed = await jsm.consumers.update(names.stream, name, changes);
      return consumerDifference(declared, changed.config);
    },
  };
}

/** What to do about an error of looking at a resource: create it when it does not exist. */
function creationOf(resource: string): (error: unknown) => TopologyChange {
  return (error) => {
    if (isMissing(error)) return { action: "create", resource, detail: "" };
    throw error;
  };
}

function isMissing(error: unknown): boolean {
  return isApiError(error, ErrCode.STREAM_NOT_FOUND, ErrCode.CONSUMER_NOT_FOUND);
}

function isApiError(error: unknown, ...codes: readonly number[]): boolean {
  return error instanceof JetStreamApiError && codes.includes(error.code);
}

async function mapped<Result>(what: string, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw toPubSubError(error, what);
  }
}
