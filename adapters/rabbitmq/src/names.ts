import type { SubscriptionSpec, TopicSpec } from "@anytopic/core/driver";
import { percentEncode, PubSubError } from "@anytopic/core/driver";
import { DELAY_LEVELS_MS, MAX_NAME_BYTES, WAIT_QUEUE_TTLS_MS } from "./limits.ts";

/** The names of one subscription on the broker. */
export interface QueueNames {
  /** The exchange of its topic. */
  readonly exchange: string;
  /** `<topic>.<subscription>` */
  readonly queue: string;
  /** `<topic>.<subscription>.dead-letters` */
  readonly deadLetters: string;
  /** `<topic>.<subscription>.filter`: the headers exchange between topic and queue, if the subscription has a filter. */
  readonly filter: string;
  /** `<topic>.<subscription>.wait`: for all delays, if no finer wait queue can be created. */
  readonly wait: string;
}

/** The fanout exchange of a topic. */
export function exchangeName(prefix: string, topic: TopicSpec): string {
  return checked(prefix + topic.physicalName);
}

/** A dot separates the parts. Declared names have no dot; one in a configured name is escaped, so that two subscriptions never share a queue. */
export function queueNames(prefix: string, subscription: SubscriptionSpec): QueueNames {
  const parts = [subscription.topic.physicalName, subscription.physicalName];
  const queue = prefix + parts.map((part) => percentEncode(part, /\./g)).join(".");
  return {
    exchange: exchangeName(prefix, subscription.topic),
    queue: checked(queue, 32),
    deadLetters: `${queue}.dead-letters`,
    filter: `${queue}.filter`,
    wait: `${queue}.wait`,
  };
}

/** The wait queue for delays of at most `ttlMs`: `<topic>.<subscription>.wait.<ttlMs>ms`. */
export function waitQueueName(names: QueueNames, ttlMs: number): string {
  return `${names.wait}.${ttlMs}ms`;
}

/** The exchange and the queue of one delay level of a topic: `<topic>.later.<ms>ms`. No subscription's queue has such a name: one part of it has no dot. */
export function delayLevelName(prefix: string, topic: TopicSpec, level: number): string {
  return `${laterName(prefix, topic)}.${DELAY_LEVELS_MS[level]}ms`;
}

/** The exchange to which due messages come: `<topic>.later.due`. */
export function dueName(prefix: string, topic: TopicSpec): string {
  return `${laterName(prefix, topic)}.due`;
}

/** The queue that keeps nothing: `<topic>.later.nobody`. */
export function nobodyName(prefix: string, topic: TopicSpec): string {
  return `${laterName(prefix, topic)}.nobody`;
}

function laterName(prefix: string, topic: TopicSpec): string {
  return checked(`${prefix}${percentEncode(topic.physicalName, /\./g)}.later`, 16);
}

/** Every wait queue that any worker of a subscription may have created. */
export function allWaitQueueNames(names: QueueNames): string[] {
  return [names.wait, ...WAIT_QUEUE_TTLS_MS.map((ttlMs) => waitQueueName(names, ttlMs))];
}

function checked(name: string, roomBytes = 0): string {
  const bytes = Buffer.byteLength(name) + roomBytes;
  if (bytes <= MAX_NAME_BYTES) return name;
  throw new PubSubError(
    "INVALID_CONFIG",
    `rabbitmq: ${JSON.stringify(name)} is ${bytes - roomBytes} bytes long: at most ${MAX_NAME_BYTES - roomBytes} are allowed; shorten the prefix or the configured name`,
  );
}
