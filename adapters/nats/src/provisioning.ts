import { pause, PubSubError, type Topology, type TopologyChange } from "@anytopic/core/driver";
import { JetStreamApiError, type ConsumerInfo, type StreamInfo } from "@nats-io/jetstream";
import type { Connection } from "./connection.ts";
import { consumerDifference, consumerResource, streamDifference, streamResource } from "./topology/differences.ts";
import { ErrCode, toPubSubError } from "./errors.ts";
import { subscriptionNames, topicNames } from "./names.ts";
import {
  deadLetterConsumer,
  deadLetterStream,
  leaderStream,
  subscriptionConsumer,
  topicStream,
  type DeclaredConsumer,
  type DeclaredStream,
} from "./topology/topology-config.ts";

/**
 * What a server says when somebody else makes the same thing at the same time. The last two it says of what is half made
 * (seen on 2.9.10), and of real mistakes too, which are still there at the next try.
 */
const MADE_MEANWHILE: readonly number[] = [
  ErrCode.STREAM_NAME_IN_USE,
  ErrCode.CONSUMER_EXISTS,
  ErrCode.SUBJECTS_OVERLAP,
  ErrCode.INVALID_STREAM,
];
const MAX_TRIES = 10;
const RETRY_MS = 50;

/** One stream or consumer: how to look at it and how to bring it about. */
interface Resource {
  readonly name: string;
  /** Undefined when it fits, `"missing"` when it does not exist. */
  compare(): Promise<TopologyChange | "missing" | undefined>;
  /** Both answer how the server's result differs from what it was told. */
  create(): Promise<TopologyChange | undefined>;
  update(): Promise<TopologyChange | undefined>;
}

export async function plan(
  connection: Connection,
  topology: Topology,
  signal?: AbortSignal,
): Promise<readonly TopologyChange[]> {
  const changes: TopologyChange[] = [];
  for (const resource of resources(connection, topology)) {
    signal?.throwIfAborted();
    const found = await mapped(`look at ${resource.name}`, async () => resource.compare());
    if (found === "missing") changes.push(creation(resource));
    else if (found !== undefined) changes.push(found);
  }
  return changes;
}

export async function apply(
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
  for (let tries = 1; found === "missing"; tries += 1) {
    try {
      requireTaken(connection, resource, await resource.create());
      return creation(resource);
    } catch (error) {
      if (!isApiError(error, ...MADE_MEANWHILE) || tries === MAX_TRIES) throw error;
      if (tries > 1) await pause(connection.context.clock, RETRY_MS);
      found = await resource.compare();
    }
  }
  if (!update || found?.action !== "update") return undefined;
  requireTaken(connection, resource, await resource.update());
  return found;
}

/** Old servers ignore settings they do not know, without a word. */
function requireTaken(connection: Connection, resource: Resource, difference: TopologyChange | undefined): void {
  if (difference === undefined) return;
  const version = connection.nc.info?.version ?? "unknown";
  throw new PubSubError(
    "NOT_SUPPORTED",
    `nats-server ${version} did not take the configuration of ${resource.name}: ${difference.detail}; upgrade the server or change the option`,
  );
}

export async function destroy(connection: Connection, topology: Topology): Promise<readonly string[]> {
  const { prefix } = connection.options;
  const deleted: string[] = [];
  const remove = async (name: string, run: () => Promise<boolean>): Promise<void> => {
    await mapped(`delete ${name}`, async () => {
      try {
        await run();
        deleted.push(name);
      } catch (error) {
        if (!isApiError(error, ErrCode.STREAM_NOT_FOUND, ErrCode.CONSUMER_NOT_FOUND)) throw error;
      }
    });
  };
  const { streams, consumers } = connection.jsm;
  for (const subscription of topology.subscriptions) {
    const names = subscriptionNames(prefix, subscription);
    await remove(`consumer ${names.stream}/${names.consumer}`, async () =>
      consumers.delete(names.stream, names.consumer),
    );
    for (const stream of [names.deadLetterStream, names.leaderStream]) {
      await remove(streamResource(stream), async () => streams.delete(stream));
    }
  }
  for (const topic of topology.topics) {
    const { stream } = topicNames(prefix, topic);
    await remove(streamResource(stream), async () => streams.delete(stream));
  }
  return deleted;
}

function resources(connection: Connection, topology: Topology): Resource[] {
  const { options } = connection;
  const list: Resource[] = topology.topics.map((topic) => streamAsResource(connection, topicStream(options, topic)));
  for (const subscription of topology.subscriptions) {
    list.push(consumerAsResource(connection, subscriptionConsumer(options, subscription)));
    list.push(streamAsResource(connection, deadLetterStream(options, subscription)));
    list.push(consumerAsResource(connection, deadLetterConsumer(options, subscription)));
    if (subscription.topic.ordered) list.push(streamAsResource(connection, leaderStream(options, subscription)));
  }
  return list;
}

function streamAsResource({ jsm }: Connection, declared: DeclaredStream): Resource {
  const { config } = declared;
  const difference = (info: StreamInfo): TopologyChange | undefined => streamDifference(declared, info.config);
  return {
    name: streamResource(config.name),
    compare: async () => found(jsm.streams.info(config.name), difference),
    create: async () => difference(await jsm.streams.add(config)),
    update: async () => difference(await jsm.streams.update(config.name, config)),
  };
}

function consumerAsResource({ jsm }: Connection, declared: DeclaredConsumer): Resource {
  const { stream, config } = declared;
  const difference = (info: ConsumerInfo): TopologyChange | undefined => consumerDifference(declared, info.config);
  return {
    name: consumerResource(declared),
    compare: async () => found(jsm.consumers.info(stream, config.durable_name), difference),
    create: async () => difference(await jsm.consumers.add(stream, config)),
    update: async () => difference(await jsm.consumers.update(stream, config.durable_name, config)),
  };
}

async function found<Info>(
  asking: Promise<Info>,
  difference: (info: Info) => TopologyChange | undefined,
): Promise<TopologyChange | "missing" | undefined> {
  try {
    return difference(await asking);
  } catch (error) {
    if (isApiError(error, ErrCode.STREAM_NOT_FOUND, ErrCode.CONSUMER_NOT_FOUND)) return "missing";
    throw error;
  }
}

function creation(resource: Resource): TopologyChange {
  return { action: "create", resource: resource.name, detail: "" };
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
