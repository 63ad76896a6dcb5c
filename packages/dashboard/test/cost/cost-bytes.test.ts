import { awsMessageLimits } from "@anytopic/aws/capabilities";
import { gcpMessageLimits } from "@anytopic/gcp/capabilities";
import { memoryMessageLimits } from "@anytopic/memory/capabilities";
import { natsMessageLimits } from "@anytopic/nats/capabilities";
import { rabbitmqMessageLimits } from "@anytopic/rabbitmq/capabilities";
import { redisMessageLimits } from "@anytopic/redis/capabilities";
import type { OutgoingMessage, TopicSpec } from "@anytopic/core/driver";
import { describe, expect, test } from "vitest";
import { compareCosts, contentBytes, LIST_PRICES, type TopicLoad } from "../../src/cost/index.ts";
import { DAY_MS, loadOf, topicOf } from "./loads.ts";

const SPEC: TopicSpec = {
  name: "signups",
  physicalName: "signups",
  ordered: false,
  exactlyOnce: false,
  retentionMs: 7 * DAY_MS,
  replay: false,
};

function messageOf(body: Uint8Array, attributes: Record<string, string> = {}, key?: string): OutgoingMessage {
  const id = "0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee";
  return { id, body, attributes, orderingKey: key, publishTimeMs: 1_764_180_000_000 };
}

/** The bytes of one message, as the model counts them: those that FIFO topics pay for, or Pub/Sub's throughput. */
function modelBytes(broker: "aws" | "gcp", some: Partial<TopicLoad>): number {
  const topic = topicOf({ messagesPerMonth: 1, subscriptions: [], ...some });
  const items = compareCosts(loadOf([topic]), LIST_PRICES).brokers.find((one) => one.broker === broker)?.topics[0]
    ?.items;
  return items?.find(({ unit }) => unit === "bytes")?.quantity ?? Number.NaN;
}

describe("the bytes that the model counts are those that the adapters send", () => {
  const text = Buffer.from("x".repeat(2000));
  const binary = new Uint8Array(2000).fill(0xff);
  const attributes = { region: "eu-west-1", tier: "gold" };
  const attributeBytes = "regioneu-west-1tiergold".length;

  test.for([
    ["ordered", messageOf(text, {}, "account-1"), { ordered: true }],
    ["exactly-once", messageOf(text), { exactlyOnce: true }],
    ["attributes", messageOf(text, attributes, "account-1"), { ordered: true, attributes: 2, attributeBytes }],
    ["not text", messageOf(binary, {}, "account-1"), { ordered: true, isText: false }],
  ] as const)("on AWS: %s", ([, message, some]) => {
    const { ordered = false, exactlyOnce = false } = some as Partial<TopicLoad>;
    const counted = awsMessageLimits({ ...SPEC, ordered, exactlyOnce }).sizeOf(message);
    expect(modelBytes("aws", { bytes: 2000, ...some })).toBe(counted);
  });

  test("on Pub/Sub: body, attributes, our id, and what the service adds", () => {
    const ours = "anytopic-id".length + 36;
    const [timestamp, messageId] = [20, 17];
    const bytes = modelBytes("gcp", { bytes: 2000, attributes: 2, attributeBytes });
    expect(bytes).toBe(2000 + attributeBytes + ours + timestamp + messageId);
  });
});

describe("the bytes of a body, from those that the observer tells", () => {
  test.for([
    ["aws", awsMessageLimits(SPEC)],
    ["gcp", gcpMessageLimits()],
    ["memory", memoryMessageLimits()],
    ["nats", natsMessageLimits()],
    ["rabbitmq", rabbitmqMessageLimits()],
    ["redis", redisMessageLimits()],
  ] as const)("%s", ([adapter, { sizeOf }]) => {
    expect(contentBytes(adapter, sizeOf(messageOf(Buffer.from("x".repeat(500)))))).toBe(500);
  });
});
