import { createHash } from "node:crypto";
import type { SubscriptionSpec, TopicSpec } from "@anytopic/core/driver";
import { PubSubError } from "@anytopic/core/driver";
import { MAX_QUEUE_NAME_CHARACTERS, MAX_TOPIC_NAME_CHARACTERS } from "./limits.ts";

const FIFO_SUFFIX = ".fifo";
const DEAD_LETTER_SUFFIX = "_dlq";
const LEGAL = /^[A-Za-z0-9_-]+$/;
const HASH_CHARACTERS = 12;

/** Whether topic and queues are FIFO: needed for order, and for deduplication. */
export function isFifo(topic: TopicSpec): boolean {
  return topic.ordered || topic.exactlyOnce;
}

/** `<prefix><topic>`, with `.fifo` when it is one. */
export function snsTopicName(prefix: string, topic: TopicSpec): string {
  const name = prefix + legalPart("topic", topic.physicalName) + suffix(topic);
  if (name.length <= MAX_TOPIC_NAME_CHARACTERS) return name;
  throw new PubSubError(
    "INVALID_CONFIG",
    `topic ${topic.name}: its SNS name has ${name.length} characters, allowed are ${MAX_TOPIC_NAME_CHARACTERS}; shorten the prefix or the physical name`,
  );
}

/** `<prefix><topic>_<subscription>`, with `.fifo` when it is one. */
export function queueName(prefix: string, subscription: SubscriptionSpec): string {
  return queueBase(prefix, subscription) + suffix(subscription.topic);
}

/** `<prefix><topic>_<subscription>_dlq`, with `.fifo` when it is one. */
export function deadLetterQueueName(prefix: string, subscription: SubscriptionSpec): string {
  return queueBase(prefix, subscription) + DEAD_LETTER_SUFFIX + suffix(subscription.topic);
}

/**
 * Declared names have no `_`, so one `_` separates topic and subscription without collisions. When a configured physical
 * name has a `_`, or when the name is too long, `__` and a hash of both replace the end.
 */
function queueBase(prefix: string, subscription: SubscriptionSpec): string {
  const topic = legalPart("topic", subscription.topic.physicalName);
  const name = legalPart("subscription", subscription.physicalName);
  const plain = `${prefix}${topic}_${name}`;
  const room = MAX_QUEUE_NAME_CHARACTERS - DEAD_LETTER_SUFFIX.length - FIFO_SUFFIX.length;
  if (plain.length <= room && !topic.includes("_") && !name.includes("_")) return plain;
  const hash = createHash("sha256").update(`${prefix}\0${topic}\0${name}`).digest("hex").slice(0, HASH_CHARACTERS);
  return `${plain.slice(0, room - HASH_CHARACTERS - 2)}__${hash}`;
}

/** What is not known stays open: `*`. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html (2026-11-22) */
export function arnOf(
  service: "sns" | "sqs",
  { region = "*", account = "*" }: { readonly region?: string | undefined; readonly account?: string | undefined },
  name: string,
): string {
  const partition = region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
  return `arn:${partition}:${service}:${region}:${account}:${name}`;
}

function legalPart(kind: string, physicalName: string): string {
  if (LEGAL.test(physicalName)) return physicalName;
  throw new PubSubError(
    "INVALID_CONFIG",
    `${kind} name ${JSON.stringify(physicalName)} cannot be an AWS name: allowed are letters, digits, "-" and "_"`,
  );
}

function suffix(topic: TopicSpec): string {
  return isFifo(topic) ? FIFO_SUFFIX : "";
}
