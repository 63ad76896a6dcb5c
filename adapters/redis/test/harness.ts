import { type Broker, startBroker } from "@anytopic/brokers";
import {
  type AdapterRequest,
  createTcpProxy,
  type ForeignClient,
  type ForeignMessage,
  type Harness,
  type SubscriptionName,
  type SubscriptionStats,
} from "@anytopic/conformance";
import { redis, redisCapabilities, type RedisOptions } from "@anytopic/redis";
import { hostilePublisher } from "./hostile-publisher.ts";
import { type PlainClient, plainClient } from "./plain-client.ts";

const TAKE_TIMEOUT_MS = 5000;
const WAITING_FOR_KEY = "~parked";

/** A private Redis server behind a TCP proxy, and a plain client of it. */
export async function createHarness(broker: Broker): Promise<Harness> {
  const proxy = await createTcpProxy({ targetHost: broker.host, targetPort: broker.port });
  // The suite's own connection to the broker, separate from the adapter's.
  const client = await plainClient(broker.url);
  const optionsOf = ({ throughProxy = false }: AdapterRequest = {}): RedisOptions => ({
    servers: throughProxy ? `${proxy.host}:${proxy.port}` : `${broker.host}:${broker.port}`,
  });
  const { kill, start, freeze, thaw } = broker;
  return {
    name: "redis",
    implementation: broker.implementation,
    version: broker.version,
    capabilities: redisCapabilities,
    slack: { retryUpperMs: 300 },
    quirks: [],
    survivesRestart: broker.survivesRestart,
    adapter: (request) => redis(optionsOf(request)),
    process: (request) => ({ module: import.meta.resolve("./process-adapter.ts"), args: optionsOf(request) }),
    ...(kill === undefined || start === undefined ? {} : { broker: { kill, start, freeze, thaw } }),
    ...(kill === undefined ? { lacks: { broker: `a broker from ${broker.provider} is not ours to kill` } } : {}),
    proxy,
    stats: async (name) => stats(client, name),
    foreign: foreignClient(client),
    hostile: hostilePublisher(client),
    deleteDeadLetters: async ({ topic, subscription }) => {
      await client.send("DEL", `{${topic}}:${subscription}:dead`);
    },
    unreachable: {
      adapter: () => redis({ servers: "127.0.0.1:1", user: "somebody", password: "s3cr3t-passw0rd" }),
      secret: "s3cr3t-passw0rd",
    },
    async close(): Promise<void> {
      await client.close();
      await proxy.close();
      await broker.close();
    },
  };
}

/** With `everysec` a server that is killed while a sync takes long loses what it has accepted meanwhile, up to 2 s: docs/adr/085-redis-durability.md. */
export const SYNCED = { config: "appendfsync always" } as const;

export async function startHarness(): Promise<Harness> {
  return createHarness(await startBroker("redis", SYNCED));
}

type Info = readonly (string | Buffer | number | null)[];

async function stats(client: PlainClient, { topic, subscription }: SubscriptionName): Promise<SubscriptionStats> {
  let outstanding = 0;
  let waiting = 0;
  for (const stream of [topic, `{${topic}}:${subscription}:again`]) {
    for (const info of (await client.send("XINFO", "GROUPS", stream)) as readonly Info[]) {
      if (valueOf(info, "name") === subscription) waiting += Number(valueOf(info, "lag"));
    }
    for (const info of (await client.send("XINFO", "CONSUMERS", stream, subscription)) as readonly Info[]) {
      const pending = Number(valueOf(info, "pending"));
      if (valueOf(info, "name") === WAITING_FOR_KEY) waiting += pending;
      else outstanding += pending;
    }
  }
  return { workers: undefined, outstanding, waiting };
}

function valueOf(info: Info, name: string): string {
  return String(info[info.findIndex((each) => String(each) === name) + 1]);
}

function foreignClient(client: PlainClient): ForeignClient {
  return {
    async publish(topic, { body, attributes }) {
      await client.send("XADD", topic, "*", "data", Buffer.from(body), ...Object.entries(attributes).flat());
    },
    async take({ topic, subscription }: SubscriptionName): Promise<ForeignMessage | undefined> {
      const wait = ["COUNT", "1", "BLOCK", String(TAKE_TIMEOUT_MS)];
      const reply = await client.send("XREADGROUP", "GROUP", subscription, "me", ...wait, "STREAMS", topic, ">");
      const [read] = (reply ?? []) as readonly (readonly [Buffer, readonly [Buffer, Buffer[]][]])[];
      const entry = read?.[1][0];
      if (entry === undefined) return undefined;
      const [id, fields] = entry;
      await client.send("XACK", topic, subscription, id);
      const attributes: Record<string, string> = {};
      let body: Uint8Array = new Uint8Array();
      for (let at = 0; at < fields.length; at += 2) {
        const value = fields[at + 1] ?? Buffer.alloc(0);
        if (String(fields[at]) === "data") body = value;
        else attributes[String(fields[at])] = String(value);
      }
      return { body, attributes };
    },
  };
}

/** For `--adapter` of the suite's command. */
export const harness = startHarness;
