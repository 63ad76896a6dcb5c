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
  /** Where redriven letters go back: a subject of the topic's stream, which the other subscriptions skip. */
  readonly redriveSubject: string;
  readonly deadLetterStream: string;
  readonly deadLetterSubject: string;
  /** The durable consumer on the dead-letter stream. */
  readonly deadLetterConsumer: string;
  /** Where the server tells that it gave up on a message; captured by the dead-letter stream. */
  readonly backstopSubject: string;
  /** Ordered subscriptions: which of the workers is active. */
  readonly leaderStream: string;
  readonly leaderSubject: string;
}

/** Between the parts of a stream's name; no part contains it or begins or ends with half of it, so that no two join to the same. */
const SEPARATOR = "__";
/** Between a topic's subject and the subscription that a message is redriven to. */
export const REDRIVE = ".redrive.";
const PART = /^[A-Za-z0-9-](?:_?[A-Za-z0-9-])*$/;

/** Whether a text can be a prefix or a physical name. */
export function isNamePart(text: string): boolean {
  return PART.test(text);
}

export const NAME_PART_RULE = "letters, digits, - and single _ between them";

export function topicNames(prefix: string, topic: TopicSpec): TopicNames {
  const stream = streamName(prefix, topic.physicalName);
  const subject = subjectName(prefix, topic.physicalName);
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

function streamName(prefix: string, ...parts: readonly string[]): string {
  const name = [...(prefix === "" ? [] : [prefix]), ...parts].map((part) => checkedPart(part)).join(SEPARATOR);
  if (name.length <= MAX_NAME_BYTES) return name;
  throw new PubSubError(
    "INVALID_CONFIG",
    `stream name ${name} has ${name.length} characters: NATS allows ${MAX_NAME_BYTES}; shorten the prefix or the names`,
  );
}

function subjectName(prefix: string, part: string): string {
  return prefix === "" ? part : `${prefix}.${part}`;
}

function checkedPart(part: string): string {
  if (isNamePart(part)) return part;
  throw new PubSubError(
    "INVALID_CONFIG",
    `${JSON.stringify(part)} cannot be part of a NATS stream's name: ${NAME_PART_RULE} are allowed`,
  );
}
