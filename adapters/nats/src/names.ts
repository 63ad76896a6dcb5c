import { PubSubError, type SubscriptionSpec, type TopicSpec } from "@anytopic/core/driver";
import { MAX_NAME_BYTES } from "./limits.ts";

/** The broker's names for a topic. */
export interface TopicNames {
  readonly stream: string;
  /** Where events are published. */
  readonly subject: string;
  /** All subjects of the stream. */
  readonly subjects: readonly string[];
}

/** The broker's names for a subscription. */
export interface SubscriptionNames extends TopicNames {
  /** The name of the subscription, in subjects. */
  readonly subscription: string;
  /** The durable consumer on the topic's stream: that of the subscription's name, or after a seek one of `consumerNames`. */
  readonly consumer: string;
  /** Redriven messages up to this sequence of the stream are passed over, because a seek brings their originals. 0 without one. */
  readonly redrivenAfter: number;
  /** Redriven letters are published here: a subject of the topic's stream, which the other subscriptions skip. */
  readonly redriveSubject: string;
  readonly deadLetterStream: string;
  readonly deadLetterSubject: string;
  /** The durable consumer on the dead-letter stream. */
  readonly deadLetterConsumer: string;
  /** The server publishes here that a message has reached `max_deliver`; the dead-letter stream stores it. One for each of `consumerNames`. */
  readonly backstopSubjects: readonly string[];
  /** Ordered subscriptions only: which worker is active. */
  readonly leaderStream: string;
  readonly leaderSubject: string;
}

/** Separates the parts of a stream's name. No part contains it, or begins or ends with half of it, so every combination has a name of its own. */
const SEPARATOR = "__";
/** Separates a topic's subject and the subscription that a message is redriven to. */
const REDRIVE = ".redrive.";
/** An ack of a worker that missed so many seeks could settle a message that it does not have. */
const SEEK_TURNS = 7;
const PART = /^[A-Za-z0-9-](?:_?[A-Za-z0-9-])*$/;

/** Whether a text can be a prefix or a physical name. */
export function isNamePart(text: string): boolean {
  return PART.test(text);
}

export const NAME_PART_RULE = "letters, digits, - and single _ between them";

export function topicNames(prefix: string, topic: TopicSpec): TopicNames {
  const stream = streamName(prefix, topic.physicalName);
  const subject = prefix === "" ? topic.physicalName : `${prefix}.${topic.physicalName}`;
  return { stream, subject, subjects: [subject, `${subject}${REDRIVE}*`] };
}

export function subscriptionNames(prefix: string, subscription: SubscriptionSpec): SubscriptionNames {
  const topic = topicNames(prefix, subscription.topic);
  const [first, second] = [subscription.topic.physicalName, subscription.physicalName];
  const { subject } = topic;
  const consumer = checkedPart(second);
  const consumers = subscription.topic.replay ? consumerNames({ subscription: consumer }) : [consumer];
  const advisories = `$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.${topic.stream}`;
  return {
    ...topic,
    subscription: consumer,
    consumer,
    redrivenAfter: 0,
    redriveSubject: `${subject}${REDRIVE}${second}`,
    deadLetterStream: streamName(prefix, first, second, "dead-letters"),
    deadLetterSubject: `${subject}.dead-letters.${second}`,
    deadLetterConsumer: "redrive",
    backstopSubjects: consumers.map((name) => `${advisories}.${name}`),
    leaderStream: streamName(prefix, first, second, "leader"),
    leaderSubject: `${subject}.leader.${second}`,
  };
}

/**
 * All names that a subscription's consumer can have. It has its own name until the first seek, and then takes the others in turn, so that
 * an ack for a former one finds nobody. They are few and known, because permissions name each.
 */
export function consumerNames({ subscription }: Pick<SubscriptionNames, "subscription">): readonly string[] {
  const turns = Array.from({ length: SEEK_TURNS }, (_, turn) => `${subscription}${SEPARATOR}seek-${turn + 1}`);
  return [subscription, ...turns];
}

/** The short-lived consumer that tells a seek the position of a time. */
export function timeProbeName({ subscription }: Pick<SubscriptionNames, "subscription">): string {
  return `${subscription}${SEPARATOR}seek-time`;
}

/** The name after `consumer`; after the last one, the first that is not the subscription's own. */
export function nextConsumerName(names: Pick<SubscriptionNames, "subscription">, consumer: string): string {
  const [, ...turns] = consumerNames(names);
  return turns[(turns.indexOf(consumer) + 1) % turns.length] as string;
}

/** The subscription in a redrive subject; undefined for any other subject. No name contains a dot, so it is what follows the last `.redrive.`. */
export function redriveTargetOf(subject: string): string | undefined {
  const start = subject.lastIndexOf(REDRIVE);
  return start === -1 ? undefined : subject.slice(start + REDRIVE.length);
}

/** The id of a message without one: its place on the broker. */
export function brokerId(stream: string, sequence: number): string {
  return `${stream}:${sequence}`;
}

/** The subjects of the JetStream API begin with it. */
export function apiPrefix(domain: string | undefined): string {
  return domain === undefined ? "$JS.API" : `$JS.${domain}.API`;
}

function streamName(prefix: string, ...parts: readonly string[]): string {
  const name = [...(prefix === "" ? [] : [prefix]), ...parts].map(checkedPart).join(SEPARATOR);
  if (name.length <= MAX_NAME_BYTES) return name;
  throw new PubSubError(
    "INVALID_CONFIG",
    `stream name ${name} has ${name.length} characters: NATS allows ${MAX_NAME_BYTES}; shorten the prefix or the names`,
  );
}

function checkedPart(part: string): string {
  if (isNamePart(part)) return part;
  throw new PubSubError(
    "INVALID_CONFIG",
    `${JSON.stringify(part)} cannot be part of a NATS stream's name: ${NAME_PART_RULE} are allowed`,
  );
}
