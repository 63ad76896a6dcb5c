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

/** The parts of a stream's configuration that we set and compare; times in ns. */
export type StreamDeclaration = Pick<
  StreamConfig,
  | "name"
  | "subjects"
  | "retention"
  | "storage"
  | "num_replicas"
  | "max_age"
  | "max_bytes"
  | "max_msgs_per_subject"
  | "discard"
  | "duplicate_window"
  | "allow_rollup_hdrs"
  | "deny_purge"
  | "deny_delete"
>;

/** The parts of a consumer's configuration that we set and compare; times in ns. */
export type ConsumerDeclaration = Pick<
  ConsumerConfig,
  "durable_name" | "ack_policy" | "ack_wait" | "max_deliver" | "max_ack_pending" | "deliver_policy" | "replay_policy"
>;

/** A stream and its durable consumer, if it has one of ours. */
export interface DeclaredStream {
  readonly config: StreamDeclaration;
}

export interface DeclaredConsumer {
  readonly stream: string;
  readonly config: ConsumerDeclaration & { readonly durable_name: string };
}

const LEADER_RETENTION_MS = 0;

export function topicStream(options: CheckedOptions, topic: TopicSpec): DeclaredStream {
  const names = topicNames(options.prefix, topic);
  const windowMs = Math.min(options.deduplicationWindowMs, topic.retentionMs);
  return { config: stream(options, names.stream, names.subjects, topic.retentionMs, windowMs) };
}

/** The dead-letter stream also catches the server's word that it gave up on a message: such a letter is kept in the topic's stream. */
export function deadLetterStream(options: CheckedOptions, subscription: SubscriptionSpec): DeclaredStream {
  const names = subscriptionNames(options.prefix, subscription);
  const subjects = [names.deadLetterSubject, names.backstopSubject];
  const config = stream(options, names.deadLetterStream, subjects, DEAD_LETTER_RETENTION_MS, 100);
  // Letters are deleted one by one when they are done.
  return { config: { ...config, deny_delete: false } };
}

export function leaderStream(options: CheckedOptions, subscription: SubscriptionSpec): DeclaredStream {
  const names = subscriptionNames(options.prefix, subscription);
  const config = stream(options, names.leaderStream, [names.leaderSubject], LEADER_RETENTION_MS, 100);
  return { config: { ...config, max_msgs_per_subject: 1, max_bytes: -1, discard: "old" } };
}

export function subscriptionConsumer(options: CheckedOptions, subscription: SubscriptionSpec): DeclaredConsumer {
  const names = subscriptionNames(options.prefix, subscription);
  const { maxRetries, topic } = subscription;
  const { maxAckPending } = options;
  return {
    stream: names.stream,
    config: {
      durable_name: names.consumer,
      ack_policy: "explicit",
      ack_wait: subscription.ackDeadlineMs * NANOSECONDS_PER_MS,
      max_deliver: maxRetries === Number.POSITIVE_INFINITY ? -1 : maxRetries + 1 + BACKSTOP_DELIVERIES,
      max_ack_pending: topic.ordered ? Math.min(maxAckPending, MAX_ACK_PENDING_ORDERED) : maxAckPending,
      deliver_policy: "new",
      replay_policy: "instant",
    },
  };
}

export function deadLetterConsumer(options: CheckedOptions, subscription: SubscriptionSpec): DeclaredConsumer {
  const names = subscriptionNames(options.prefix, subscription);
  return {
    stream: names.deadLetterStream,
    config: {
      durable_name: names.deadLetterConsumer,
      ack_policy: "explicit",
      ack_wait: LETTER_LEASE_MS * NANOSECONDS_PER_MS,
      max_deliver: -1,
      max_ack_pending: options.maxAckPending,
      deliver_policy: "all",
      replay_policy: "instant",
    },
  };
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
    // A full stream must say so, not drop the oldest messages.
    discard: "new",
    duplicate_window: windowMs * NANOSECONDS_PER_MS,
    // With them a publisher's header `Nats-Rollup` empties the stream.
    allow_rollup_hdrs: false,
    // A publisher may have the server's acknowledgement, `{"stream":…,"seq":…}`, sent to any subject: sent to the API's
    // purge, it empties the stream up to this sequence, with the server's own permissions. See ADR 014.
    deny_purge: true,
    deny_delete: true,
  };
}
