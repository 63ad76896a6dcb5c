import type { SubscriptionSpec, TopicSpec } from "@anytopic/core/driver";
import type { ConsumerConfig, StreamConfig } from "@nats-io/jetstream";
import {
  BACKSTOP_DELIVERIES,
  DEAD_LETTER_RETENTION_MS,
  LETTER_LEASE_MS,
  MAX_ACK_PENDING_ORDERED,
  NANOSECONDS_PER_MS,
} from "../limits.ts";
import { subscriptionNames, topicNames } from "../names.ts";
import type { CheckedOptions } from "../options.ts";

/** The settings that we declare; times in ns. */
export type StreamDeclaration = Pick<
  StreamConfig,
  "name" | (typeof STREAM_UPDATES)[number] | (typeof STREAM_FIXED)[number]
>;
type ConsumerSettings = Pick<
  ConsumerConfig,
  "deliver_policy" | "replay_policy" | (typeof CONSUMER_UPDATES)[number] | (typeof CONSUMER_FIXED)[number]
>;

export interface ConsumerDeclaration {
  readonly stream: string;
  readonly config: ConsumerSettings & { readonly durable_name: string };
}

/** The settings that the server can change in place. https://docs.nats.io/nats-concepts/jetstream/streams#configuration, read 2026-11-22. */
export const STREAM_UPDATES = [
  "subjects",
  "num_replicas",
  "max_age",
  "max_bytes",
  "max_msgs_per_subject",
  "discard",
  "duplicate_window",
  "allow_rollup_hdrs",
  "deny_purge",
  "deny_delete",
] as const;
export const STREAM_FIXED = ["retention", "storage"] as const;
export const CONSUMER_UPDATES = ["ack_wait", "max_deliver", "max_ack_pending"] as const;
export const CONSUMER_FIXED = ["ack_policy"] as const;

/** How long a stream remembers message ids if it needs no deduplication, in ms: the shortest that the server accepts. */
const NO_WINDOW_MS = 100;

export function topicStream(options: CheckedOptions, topic: TopicSpec): StreamDeclaration {
  const names = topicNames(options.prefix, topic);
  const windowMs = Math.min(options.deduplicationWindowMs, topic.retentionMs);
  return stream(options, names.stream, names.subjects, topic.retentionMs, windowMs);
}

/** The dead-letter stream also stores the server's advisories about `max_deliver`: the message of such a letter stays in the topic's stream. */
export function deadLetterStream(options: CheckedOptions, subscription: SubscriptionSpec): StreamDeclaration {
  const names = subscriptionNames(options.prefix, subscription);
  const subjects = [names.deadLetterSubject, ...names.backstopSubjects];
  const config = stream(options, names.deadLetterStream, subjects, DEAD_LETTER_RETENTION_MS, NO_WINDOW_MS);
  // Letters are deleted one by one after a redrive.
  return { ...config, deny_delete: false };
}

export function leaderStream(options: CheckedOptions, subscription: SubscriptionSpec): StreamDeclaration {
  const names = subscriptionNames(options.prefix, subscription);
  const config = stream(options, names.leaderStream, [names.leaderSubject], 0, NO_WINDOW_MS);
  return { ...config, max_msgs_per_subject: 1, max_bytes: -1, discard: "old" };
}

export function subscriptionConsumer(options: CheckedOptions, subscription: SubscriptionSpec): ConsumerDeclaration {
  const { stream, consumer } = subscriptionNames(options.prefix, subscription);
  const { maxRetries, topic, ackDeadlineMs } = subscription;
  const { maxAckPending } = options;
  return {
    stream,
    config: {
      durable_name: consumer,
      ack_policy: "explicit",
      ack_wait: ackDeadlineMs * NANOSECONDS_PER_MS,
      max_deliver: maxRetries === Number.POSITIVE_INFINITY ? -1 : maxRetries + 1 + BACKSTOP_DELIVERIES,
      max_ack_pending: topic.ordered ? Math.min(maxAckPending, MAX_ACK_PENDING_ORDERED) : maxAckPending,
      deliver_policy: "new",
      replay_policy: "instant",
    },
  };
}

export function deadLetterConsumer(options: CheckedOptions, subscription: SubscriptionSpec): ConsumerDeclaration {
  const { deadLetterStream, deadLetterConsumer } = subscriptionNames(options.prefix, subscription);
  return {
    stream: deadLetterStream,
    config: {
      durable_name: deadLetterConsumer,
      ack_policy: "explicit",
      ack_wait: LETTER_LEASE_MS * NANOSECONDS_PER_MS,
      max_deliver: -1,
      max_ack_pending: options.maxAckPending,
      deliver_policy: "all",
      replay_policy: "instant",
    },
  };
}

export function streamResource(name: string): string {
  return `stream ${name}`;
}

export function consumerResource({ stream, config }: ConsumerDeclaration): string {
  return `consumer ${stream}/${config.durable_name}`;
}

function stream(
  options: CheckedOptions,
  name: string,
  subjects: readonly string[],
  retentionMs: number,
  windowMs: number,
): StreamDeclaration {
  return {
    name,
    subjects: [...subjects],
    retention: "limits",
    storage: options.storage,
    num_replicas: options.replicas,
    max_age: retentionMs * NANOSECONDS_PER_MS,
    max_bytes: options.maxStreamBytes,
    max_msgs_per_subject: -1,
    // A full stream must refuse new messages, and not drop the oldest.
    discard: "new",
    duplicate_window: windowMs * NANOSECONDS_PER_MS,
    // If they were allowed, a publisher's header `Nats-Rollup` would empty the stream.
    allow_rollup_hdrs: false,
    // A publisher can make the server send its acknowledgement, `{"stream":…,"seq":…}`, to any subject. Sent to the purge
    // of the API, with the server's own permissions, it empties the stream up to this sequence. See ADR 014.
    deny_purge: true,
    deny_delete: true,
  };
}
