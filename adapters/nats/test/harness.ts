import type {
  AdapterRequest,
  ForeignClient,
  ForeignMessage,
  Harness,
  SubscriptionName,
  SubscriptionStats,
} from "@anytopic/conformance";
import { createTcpProxy } from "@anytopic/conformance";
import { startBroker, type Broker } from "@anytopic/brokers";
import { nats, natsCapabilities, type NatsOptions } from "@anytopic/nats";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { headers, type NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { hostilePublisher } from "./hostile-publisher.ts";

/**
 * A short lease, so that behaviours with faults do not wait long for a new active worker. The others have the default:
 * without a fault no lease may be lost, and a loaded machine can stop a process for longer than this one.
 */
const LEADER_LEASE_MS = 1500;
/** See the known faults in the adapter's README. */
const HIDDEN_STARTS =
  "a redelivery that finds only requests of clients that have ended makes the server deliver the newest message again as if for the first time; corrected in 2.15.1";
const TAKE_TIMEOUT_MS = 5000;

/** A private NATS server behind a TCP proxy, and a plain client of it. */
export async function createHarness(broker: Broker): Promise<Harness> {
  const proxy = await createTcpProxy({ targetHost: broker.host, targetPort: broker.port });
  // The suite's own connection to the broker, separate from the adapter's.
  const nc = await connect({
    servers: broker.url,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    waitOnFirstConnect: true,
  });
  const hostile = hostilePublisher(broker.host, broker.port);
  const optionsOf = ({ throughProxy = false, faults = false }: AdapterRequest = {}): NatsOptions => ({
    servers: throughProxy ? `${proxy.host}:${proxy.port}` : broker.url,
    ...(faults ? { leaderLeaseMs: LEADER_LEASE_MS } : {}),
    pingIntervalMs: 3000,
  });
  const { kill, start, freeze, thaw } = broker;
  return {
    name: "nats",
    implementation: broker.implementation,
    version: broker.version,
    capabilities: natsCapabilities,
    slack: { retryUpperMs: 300 },
    quirks: [],
    ...(broker.version.startsWith("2.9.") ? { knownFaults: { hiddenStarts: HIDDEN_STARTS } } : {}),
    survivesRestart: broker.survivesRestart,
    adapter: (request) => nats(optionsOf(request)),
    process: (request) => ({
      module: import.meta.resolve("./process-adapter.ts"),
      args: optionsOf({ ...request, faults: true }),
    }),
    ...(kill === undefined || start === undefined ? {} : { broker: { kill, start, freeze, thaw } }),
    ...(kill === undefined ? { lacks: { broker: `a broker from ${broker.provider} is not ours to kill` } } : {}),
    proxy,
    stats: async (name) => stats(nc, name),
    foreign: foreignClient(nc),
    hostile,
    deleteDeadLetters: async (name) => deleteDeadLetters(nc, name),
    unreachable: {
      adapter: () => nats({ servers: "127.0.0.1:1", user: "somebody", password: "s3cr3t-passw0rd" }),
      secret: "s3cr3t-passw0rd",
    },
    async close(): Promise<void> {
      hostile.close();
      await nc.close();
      await proxy.close();
      await broker.close();
    },
  };
}

export async function startHarness(): Promise<Harness> {
  return createHarness(await startBroker("nats"));
}

async function stats(nc: NatsConnection, { topic, subscription }: SubscriptionName): Promise<SubscriptionStats> {
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  const info = await jsm.consumers.info(topic, subscription);
  return { workers: undefined, outstanding: info.num_ack_pending, waiting: info.num_pending };
}

async function deleteDeadLetters(nc: NatsConnection, { topic, subscription }: SubscriptionName): Promise<void> {
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  await jsm.streams.delete(`${topic}__${subscription}__dead-letters`);
}

function foreignClient(nc: NatsConnection): ForeignClient {
  return {
    async publish(topic: string, { body, attributes }: ForeignMessage): Promise<void> {
      const hdrs = headers();
      for (const [name, value] of Object.entries(attributes)) hdrs.set(name, value);
      await jetstream(nc).publish(topic, body, { headers: hdrs });
    },
    async take({ topic, subscription }: SubscriptionName): Promise<ForeignMessage | undefined> {
      const consumer = await jetstream(nc).consumers.get(topic, subscription);
      const message = await consumer.next({ expires: TAKE_TIMEOUT_MS });
      if (message === null) return undefined;
      await message.ackAck();
      const attributes: Record<string, string> = {};
      for (const [name, values] of message.headers ?? []) attributes[name] = values.join(", ");
      return { body: message.data, attributes };
    },
  };
}

/** For `--adapter` of the suite's command. */
export const harness = startHarness;
