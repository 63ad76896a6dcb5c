import { freePorts, startBroker, type Broker } from "@anytopic/brokers";

import { processOnPort } from "./broker-process.ts";
import { connectScale } from "./connect-scale.ts";
import { startCountingProxy } from "./counting-proxy.ts";
import type { ScaleBroker, WireCount } from "./scale-broker.ts";

type Start = () => Promise<ScaleBroker>;

const STARTS: Readonly<Record<string, Start>> = {
  memory: startMemory,
  nats: startNats,
  rabbitmq: startRabbitmq,
  redis: startRedis,
  aws: () => startProxied("aws"),
  gcp: () => startProxied("gcp"),
};

/** Starts a private broker that tells what passes over the wire. */
export async function startScaleBroker(name: string): Promise<ScaleBroker> {
  const start = STARTS[name];
  if (start === undefined) throw new TypeError(`no adapter ${name}: known are ${Object.keys(STARTS).join(", ")}`);
  return await start();
}

async function startMemory(): Promise<ScaleBroker> {
  return {
    ...common("memory", undefined, undefined),
    unit: "requests",
    connect: () => connectScale("memory", ""),
    wire: async () => ({ sent: 0, received: 0, bytes: 0 }),
    objects: async () => ({}),
  };
}

async function startNats(): Promise<ScaleBroker> {
  const [port] = await freePorts(1);
  const broker = await startBroker("nats", { provider: "native", config: `http: "127.0.0.1:${port}"` });
  const ask = async (path: string): Promise<Readonly<Record<string, number>>> =>
    (await (await fetch(`http://127.0.0.1:${port}/${path}`)).json()) as Readonly<Record<string, number>>;
  return {
    ...common("nats", broker, broker.url),
    unit: "messages",
    async wire(): Promise<WireCount> {
      const { in_msgs: sent = 0, out_msgs: received = 0, in_bytes = 0, out_bytes = 0 } = await ask("varz");
      return { sent, received, bytes: in_bytes + out_bytes };
    },
    async objects() {
      const { streams = 0, consumers = 0 } = await ask("jsz");
      const { connections = 0, subscriptions = 0 } = await ask("varz");
      return { streams, consumers, connections, interests: subscriptions };
    },
  };
}

async function startRedis(): Promise<ScaleBroker> {
  const broker = await startBroker("redis", { provider: "native", implementation: "redis" });
  const info = async (): Promise<(field: string) => number> => {
    const text = (await broker.admin?.(["INFO"])) ?? "";
    return (field) => Number(new RegExp(`${field}:(\\d+)`).exec(text)?.[1] ?? 0);
  };
  return {
    ...common("redis", broker, broker.url),
    unit: "commands",
    async wire(): Promise<WireCount> {
      const value = await info();
      const bytes = value("total_net_input_bytes") + value("total_net_output_bytes");
      return { sent: value("total_commands_processed"), received: 0, bytes };
    },
    async objects() {
      const value = await info();
      const usedMb = value("used_memory") / 1024 / 1024;
      const keys = Number((await broker.admin?.(["DBSIZE"])) ?? 0);
      // Without the one that asks.
      return { keys, connections: value("connected_clients") - 1, usedMb };
    },
  };
}

async function startRabbitmq(): Promise<ScaleBroker> {
  // Our brokers have little memory by default, since tests start many of them.
  const broker = await startBroker("rabbitmq", {
    provider: "native",
    config: "vm_memory_high_watermark.absolute = 12GB",
  });
  const lines = async (...args: readonly string[]): Promise<readonly string[]> => {
    const text = (await broker.admin?.([...args, "--no-table-headers"])) ?? "";
    return text.split("\n").filter((line) => line.trim() !== "");
  };
  return {
    ...common("rabbitmq", broker, broker.url),
    unit: "packets",
    async wire(): Promise<WireCount> {
      const count = { sent: 0, received: 0, bytes: 0 };
      for (const line of await lines("list_connections", "recv_cnt", "send_cnt", "recv_oct", "send_oct")) {
        const [sent = 0, received = 0, sentBytes = 0, receivedBytes = 0] = line.split("\t").map(Number);
        count.sent += sent;
        count.received += received;
        count.bytes += sentBytes + receivedBytes;
      }
      return count;
    },
    async objects() {
      const count = async (what: string, column: string): Promise<number> => (await lines(what, column)).length;
      return {
        queues: await count("list_queues", "name"),
        exchanges: (await count("list_exchanges", "name")) - 7,
        connections: await count("list_connections", "pid"),
        channels: await count("list_channels", "pid"),
      };
    },
  };
}

/** Brokers that do not count their requests. */
async function startProxied(name: "aws" | "gcp"): Promise<ScaleBroker> {
  const broker = await startBroker(name, {
    provider: "native",
    implementation: name === "aws" ? "fauxqs" : "gcp-emulator",
  });
  const proxy = await startCountingProxy(broker.port, name === "aws" ? "http1" : "http2");
  const url = `${name === "aws" ? "http://" : ""}127.0.0.1:${proxy.port}`;
  const started = common(name, broker, url);
  return {
    ...started,
    unit: "requests",
    wire: () => proxy.count(),
    objects: async () => ({}),
    async close(): Promise<void> {
      proxy.close();
      await started.close();
    },
  };
}

type Common = Pick<ScaleBroker, "name" | "broker" | "pid" | "url" | "connect" | "close">;

function common(name: string, broker: Broker | undefined, url: string | undefined): Common {
  return {
    name,
    broker,
    url,
    pid: () => (broker === undefined ? undefined : processOnPort(broker.port)),
    connect: () => connectScale(name, url ?? ""),
    close: async () => broker?.close(),
  };
}
