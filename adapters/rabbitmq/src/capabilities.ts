import type { Capabilities } from "@anytopic/core/driver";
import {
  MAX_ATTRIBUTE_KEY_BYTES,
  MAX_ATTRIBUTE_VALUE_BYTES,
  MAX_ATTRIBUTES,
  MAX_LEASE_MS,
  MAX_MESSAGE_BYTES,
  MAX_ORDERING_KEY_BYTES,
  MAX_LEVELS_DELAY_MS,
  MAX_RETRY_DELAY_MS,
  PUBLISH_DELAY_STEP_MS,
} from "./limits.ts";

export { rabbitmqMessageLimits } from "./message-limits.ts";

/** What this adapter can do on every server from 3.10 on. */
export const rabbitmqCapabilities: Capabilities = Object.freeze({
  ordering: "per-key",
  orderedRetry: "core",
  exactlyOnce: "inbox",
  deduplicationWindowMs: 0,
  lease: "connection",
  maxLeaseMs: MAX_LEASE_MS,
  // No lease ends by time: a dead worker is noticed by its connection.
  ackDeadline: Object.freeze({ minMs: 1000, maxMs: 600_000 }),
  nackDelay: Object.freeze({ maxMs: MAX_RETRY_DELAY_MS, granularityMs: 1 }),
  attempts: "includes-unstarted",
  orderedAttempts: "broker",
  ack: "sent",
  maxMessageBytes: MAX_MESSAGE_BYTES,
  maxAttributes: MAX_ATTRIBUTES,
  maxAttributeKeyBytes: MAX_ATTRIBUTE_KEY_BYTES,
  maxAttributeValueBytes: MAX_ATTRIBUTE_VALUE_BYTES,
  maxOrderingKeyBytes: MAX_ORDERING_KEY_BYTES,
  publishBatch: Object.freeze({ maxMessages: 256, maxBytes: 1024 * 1024, lingerMs: 0 }),
  publishDelay: Object.freeze({
    maxMs: MAX_LEVELS_DELAY_MS,
    granularityMs: PUBLISH_DELAY_STEP_MS,
    cancel: false,
    list: false,
  }),
  durability: "broker",
  deadLetterCount: "approximate",
  filter: "broker",
  replay: "none",
  statistics: Object.freeze({
    waiting: "approximate",
    inFlight: "unknown",
    delayed: "approximate",
    oldestAgeMs: "unknown",
    deadLetters: "approximate",
  }),
} as const);
