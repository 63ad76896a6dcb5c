import { PubSubError, type SubscriptionSpec, type TopicSpec } from "@anytopic/core/driver";

/** The keys of a topic. All keys of one topic have the same hash tag, so that a cluster keeps them in one slot. */
export interface TopicNames {
  /** The stream of messages. It has the topic's plain name, so that other clients find it. */
  readonly stream: string;
  /** Hash: what was declared. */
  readonly meta: string;
  /** Sets: the ids that were published to an exactly-once topic. Two, which take turns. */
  readonly seen: readonly [string, string];
  /** Sorted set: the ids of messages that are not due yet, by the time when they are. */
  readonly later: string;
  /** Hash: id of such a message to its fields. */
  readonly kept: string;
}

/** The keys of a subscription, and its consumer group on both streams. */
export interface SubscriptionNames extends TopicNames {
  readonly group: string;
  /** The stream of what is redelivered: due retries, released and redriven messages. */
  readonly again: string;
  /** Sorted set: id of a waiting retry, by the time when it is due. */
  readonly due: string;
  /** Hash: id of a waiting retry to its fields. */
  readonly held: string;
  /** Hash: digest of an ordering key to the message that is in charge of it. Ordered topics only. */
  readonly busy: string;
  /** Sorted set: the messages that wait for their ordering key. Ordered topics only. */
  readonly parked: string;
  /** The stream of dead letters. */
  readonly dead: string;
  /** Hash: id of a letter to the lease of whoever took it. */
  readonly taken: string;
}

// A prefix may end with a dash: on other brokers it is put before the name as it is.
const PART = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
export const NAME_PART_RULE = 'letters, digits, and ".", "-" and "_" after the first';

/** Whether a text can be a prefix or a physical name. */
export function isNamePart(text: string): boolean {
  return PART.test(text);
}

/** @throws PubSubError `INVALID_CONFIG` */
export function topicNames(prefix: string, topic: TopicSpec): TopicNames {
  const stream = streamName(prefix, topic);
  return {
    stream,
    meta: `{${stream}}:meta`,
    seen: [`{${stream}}:seen:0`, `{${stream}}:seen:1`],
    later: `{${stream}}:later`,
    kept: `{${stream}}:kept`,
  };
}

/** @throws PubSubError `INVALID_CONFIG` */
export function subscriptionNames(prefix: string, subscription: SubscriptionSpec): SubscriptionNames {
  const topic = topicNames(prefix, subscription.topic);
  const group = checkedPart(subscription.physicalName);
  const own = `{${topic.stream}}:${group}`;
  return {
    ...topic,
    group,
    again: `${own}:again`,
    due: `${own}:due`,
    held: `${own}:held`,
    busy: `${own}:busy`,
    parked: `${own}:parked`,
    dead: `${own}:dead`,
    taken: `${own}:taken`,
  };
}

/** The id of a message without one: its place on the broker. */
export function brokerId(stream: string, entryId: string): string {
  return `${stream}:${entryId}`;
}

function streamName(prefix: string, topic: TopicSpec): string {
  const name = checkedPart(topic.physicalName);
  return prefix === "" ? name : `${checkedPart(prefix)}:${name}`;
}

function checkedPart(part: string): string {
  if (isNamePart(part)) return part;
  throw new PubSubError(
    "INVALID_CONFIG",
    `${JSON.stringify(part)} cannot be part of a Redis key's name: ${NAME_PART_RULE} are allowed`,
  );
}
