import type { Broker, BrokerKind } from "../src/index.ts";
import { isListening } from "./listening.ts";
import { natsRequest } from "./nats-request.ts";
import { pubsubCall } from "./pubsub-call.ts";

/** Something that a restart can lose: how to make it, and whether it is there. */
interface Keepsake {
  readonly put: (broker: Broker) => Promise<boolean>;
  readonly has: (broker: Broker) => Promise<boolean>;
}

const TOPIC = "projects/somebody/topics/kept";

const KEEPSAKES: Readonly<Record<BrokerKind, Keepsake>> = {
  nats: {
    put: async (broker) =>
      "config" in (await natsRequest(broker, "$JS.API.STREAM.CREATE.kept", { name: "kept", subjects: ["kept"] })),
    has: async (broker) => "config" in (await natsRequest(broker, "$JS.API.STREAM.INFO.kept", undefined)),
  },
  rabbitmq: {
    put: async (broker) => (await broker.admin?.(["add_vhost", "kept"])) !== undefined,
    has: async (broker) => (await broker.admin?.(["list_vhosts"]))?.includes("kept") === true,
  },
  redis: {
    put: async (broker) => (await broker.admin?.(["SET", "kept", "yes"]))?.trim() === "OK",
    has: async (broker) => (await broker.admin?.(["GET", "kept"]))?.trim() === "yes",
  },
  aws: { put: (broker) => sqs(broker, "CreateQueue"), has: (broker) => sqs(broker, "GetQueueUrl") },
  gcp: {
    put: (broker) => pubsubCall(broker.url, "CreateTopic", TOPIC),
    has: (broker) => pubsubCall(broker.url, "GetTopic", TOPIC),
  },
};

/** What was seen of one broker's death and return. */
export interface Restart {
  readonly listenedWhileDead: boolean;
  /** Whether the keepsake was there: at first, once put, after the restart, and once put again if need be. */
  readonly kept: readonly boolean[];
}

/** Kills a fresh broker and starts it, each twice. */
export async function killAndStart(broker: Broker): Promise<Restart> {
  const { put, has } = KEEPSAKES[broker.kind];
  const kept = [await has(broker)];
  await put(broker);
  kept.push(await has(broker));
  await broker.kill?.();
  const listenedWhileDead = await isListening(broker.host, broker.port);
  await broker.kill?.();
  await broker.start?.();
  kept.push(await has(broker));
  await broker.start?.();
  if (!kept.at(-1)) await put(broker);
  kept.push(await has(broker));
  return { listenedWhileDead, kept };
}

async function sqs(broker: Broker, action: string): Promise<boolean> {
  const headers = {
    "content-type": "application/x-amz-json-1.0",
    "x-amz-target": `AmazonSQS.${action}`,
    authorization: "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/sqs/aws4_request",
  };
  const response = await fetch(broker.url, { method: "POST", body: '{"QueueName":"kept"}', headers });
  await response.text();
  return response.ok;
}
