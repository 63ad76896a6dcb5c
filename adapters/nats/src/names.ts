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
  /** The durable consumer on the topic's stream. */
  readonly consumer: string;
  /** Redriven letters are published here: a subject of the topic's stream, which the other subscriptions skip. */
  readonly redriveSubject: string;
  readonly deadLetterStream: string;
  readonly deadLetterSubject: string;
  /** The durable consumer on the dead-letter stream. */
  readonly deadLetterConsumer: string;
  /** The server publishes here that a message has reached `max_deliver`; the dead-letter stream stores it. */
  readonly backstopSubject: string;
  /** Ordered subscriptions only: which worker is active. */
  readonly leaderStream: string;
  readonly leaderSubject: string;
}

/** Separates the parts of a stream's name. No part contains it, or begins or ends with half of it, so every combination has a name of its own. */
const SEPARATOR = "__";
/** Separates a topic's subject and the subscription that a message is redriven to. */
const REDRIVE = ".redrive.";
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
  return {
    ...topic,
    consumer: checkedPart(second),
    redriveSubject: `${subject}${REDRIVE}${second}`,
    deadLetterStream: streamName(prefix, first, second, "dead-letters"),
    deadLetterSubject: `${subject}.dead-letters.${second}`,
    deadLetterConsumer: "redrive",
    backstopSubject: `$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.${topic.stream}.${second}`,
    leaderStream: streamName(prefix, first, second, "leader"),
    leaderSubject: `${subject}.leader.${second}`,
  };
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
