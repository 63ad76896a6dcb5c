import type { Capabilities } from "@anytopic/core/driver";
import * as limits from "./limits.ts";

export { gcpMessageLimits } from "./message-limits.ts";

/** What Google Cloud Pub/Sub can do through this adapter. */
export const gcpCapabilities: Capabilities = Object.freeze({
  ordering: "per-key",
  orderedRetry: "core",
  // The service confirms and fences acks, but a publish that is repeated after a timeout makes a second message.
  exactlyOnce: "inbox",
  deduplicationWindowMs: 0,
  lease: "renewable",
  // Our own limit, the same in every adapter: the service lets a lease be renewed as long as it keeps the message.
  maxLeaseMs: 43_200_000,
  ackDeadline: Object.freeze({
    minMs: limits.MIN_ACK_DEADLINE_SECONDS * 1000,
    maxMs: limits.MAX_ACK_DEADLINE_SECONDS * 1000,
  }),
  nackDelay: Object.freeze({ maxMs: limits.MAX_ACK_DEADLINE_SECONDS * 1000, granularityMs: 1000 }),
  attempts: "includes-unstarted",
  orderedAttempts: "worker",
  ack: "confirmed",
  maxMessageBytes: limits.MAX_PUBLISH_BYTES - limits.DEAD_LETTER_ROOM_BYTES,
  maxAttributes: limits.MAX_ATTRIBUTES,
  maxAttributeKeyBytes: limits.MAX_ATTRIBUTE_KEY_BYTES,
  maxAttributeValueBytes: limits.MAX_ATTRIBUTE_VALUE_BYTES,
  maxOrderingKeyBytes: limits.MAX_ORDERING_KEY_BYTES,
  publishDelay: "store",
  publishBatch: Object.freeze({
    // Half: with core's default of 1,000 pending publishes, one request is made while the service reads another.
    maxMessages: limits.MAX_PUBLISH_MESSAGES / 2,
    maxBytes: limits.MAX_PUBLISH_BYTES - limits.DEAD_LETTER_ROOM_BYTES,
    lingerMs: 0,
  }),
  durability: "broker",
  deadLetterCount: "approximate",
  filter: "worker",
  replay: "time",
  statistics: Object.freeze({
    waiting: "unknown",
    inFlight: "unknown",
    delayed: "unknown",
    oldestAgeMs: "unknown",
    deadLetters: "unknown",
  }),
});

/** The same with a reader of statistics, which may leave out any number. */
export const capabilitiesWithReader: Capabilities = Object.freeze({
  ...gcpCapabilities,
  statistics: Object.freeze({
    waiting: "approximate",
    inFlight: "approximate",
    delayed: "approximate",
    oldestAgeMs: "approximate",
    deadLetters: "approximate",
  }),
});
