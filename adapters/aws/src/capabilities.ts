import type { Capabilities } from "@anytopic/core/driver";
import {
  DEAD_LETTER_ROOM_BYTES,
  DEDUPLICATION_WINDOW_MS,
  MAX_BATCH_ENTRIES,
  MAX_PUBLISH_BYTES,
  MAX_VISIBILITY_SECONDS,
} from "./limits.ts";

export { awsMessageLimits } from "./message-limits.ts";

/** What SNS and SQS can do through this adapter. */
export const awsCapabilities: Capabilities = Object.freeze({
  ordering: "per-key",
  orderedRetry: "broker",
  exactlyOnce: "native",
  deduplicationWindowMs: DEDUPLICATION_WINDOW_MS,
  lease: "renewable",
  maxLeaseMs: MAX_VISIBILITY_SECONDS * 1000,
  ackDeadline: Object.freeze({ minMs: 1000, maxMs: 600_000 }),
  // The 12 hours begin at the receipt, so the longest delay is still possible after an attempt of up to an hour.
  nackDelay: Object.freeze({ maxMs: (MAX_VISIBILITY_SECONDS - 3600) * 1000, granularityMs: 1000 }),
  attempts: "includes-unstarted",
  orderedAttempts: "broker",
  ack: "confirmed",
  maxMessageBytes: MAX_PUBLISH_BYTES - DEAD_LETTER_ROOM_BYTES,
  maxAttributes: 100,
  maxAttributeKeyBytes: 1024,
  maxAttributeValueBytes: 65_536,
  maxOrderingKeyBytes: 1024,
  publishDelay: "store",
  publishBatch: Object.freeze({ maxMessages: MAX_BATCH_ENTRIES, maxBytes: MAX_PUBLISH_BYTES, lingerMs: 5 }),
  durability: "broker",
  deadLetterCount: "approximate",
  filter: "broker",
  replay: "none",
  statistics: Object.freeze({
    waiting: "approximate",
    inFlight: "approximate",
    delayed: "unknown",
    oldestAgeMs: "unknown",
    deadLetters: "approximate",
  }),
});
