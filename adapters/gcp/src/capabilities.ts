import type { Capabilities } from "@anytopic/core/driver";
import {
  DEAD_LETTER_ROOM_BYTES,
  MAX_ACK_DEADLINE_SECONDS,
  MAX_ATTRIBUTE_KEY_BYTES,
  MAX_ATTRIBUTE_VALUE_BYTES,
  MAX_ATTRIBUTES,
  MAX_ORDERING_KEY_BYTES,
  MAX_PUBLISH_BYTES,
  MAX_PUBLISH_MESSAGES,
  MIN_ACK_DEADLINE_SECONDS,
} from "./limits.ts";

/** What Google Cloud Pub/Sub can do through this adapter. */
export const gcpCapabilities: Capabilities = Object.freeze({
  ordering: "per-key",
  orderedRetry: "core",
  // Acks are confirmed and fenced natively, but a publish that is repeated after a timeout makes a second message.
  exactlyOnce: "inbox",
  deduplicationWindowMs: 0,
  lease: "renewable",
  // Ours, and the same as elsewhere: the service lets a lease be renewed as long as the message is kept.
  maxLeaseMs: 43_200_000,
  ackDeadline: Object.freeze({ minMs: MIN_ACK_DEADLINE_SECONDS * 1000, maxMs: MAX_ACK_DEADLINE_SECONDS * 1000 }),
  nackDelay: Object.freeze({ maxMs: MAX_ACK_DEADLINE_SECONDS * 1000, granularityMs: 1000 }),
  attempts: "includes-unstarted",
  orderedAttempts: "worker",
  ack: "confirmed",
  maxMessageBytes: MAX_PUBLISH_BYTES - DEAD_LETTER_ROOM_BYTES,
  maxAttributes: MAX_ATTRIBUTES,
  maxAttributeKeyBytes: MAX_ATTRIBUTE_KEY_BYTES,
  maxAttributeValueBytes: MAX_ATTRIBUTE_VALUE_BYTES,
  maxOrderingKeyBytes: MAX_ORDERING_KEY_BYTES,
  publishBatch: Object.freeze({
    // So that, with core's default of 1,000 publishes under way, one request is made while the service reads another.
    maxMessages: MAX_PUBLISH_MESSAGES / 2,
    maxBytes: MAX_PUBLISH_BYTES - DEAD_LETTER_ROOM_BYTES,
    lingerMs: 0,
  }),
  durability: "broker",
  deadLetterCount: "approximate",
});
