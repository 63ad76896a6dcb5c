import type { Capabilities } from "@anytopic/core/driver";
import {
  DEDUPLICATION_WINDOW_MS,
  MAX_ACK_DEADLINE_MS,
  MAX_ATTRIBUTES,
  MAX_ATTRIBUTE_KEY_BYTES,
  MAX_ATTRIBUTE_VALUE_BYTES,
  MAX_LEASE_MS,
  MAX_MESSAGE_BYTES,
  MAX_NACK_DELAY_MS,
  MAX_ORDERING_KEY_BYTES,
  MIN_ACK_DEADLINE_MS,
} from "./limits.ts";

/** What the in-memory broker does. */
export const memoryCapabilities: Capabilities = Object.freeze({
  ordering: "per-key",
  orderedRetry: "broker",
  exactlyOnce: "native",
  deduplicationWindowMs: DEDUPLICATION_WINDOW_MS,
  lease: "renewable",
  maxLeaseMs: MAX_LEASE_MS,
  ackDeadline: Object.freeze({ minMs: MIN_ACK_DEADLINE_MS, maxMs: MAX_ACK_DEADLINE_MS }),
  nackDelay: Object.freeze({ maxMs: MAX_NACK_DELAY_MS, granularityMs: 1 }),
  attempts: "exact",
  orderedAttempts: "broker",
  ack: "confirmed",
  maxMessageBytes: MAX_MESSAGE_BYTES,
  maxAttributes: MAX_ATTRIBUTES,
  maxAttributeKeyBytes: MAX_ATTRIBUTE_KEY_BYTES,
  maxAttributeValueBytes: MAX_ATTRIBUTE_VALUE_BYTES,
  maxOrderingKeyBytes: MAX_ORDERING_KEY_BYTES,
  publishBatch: Object.freeze({ maxMessages: 1000, maxBytes: 64 * 1024 * 1024, lingerMs: 0 }),
  durability: "process",
  deadLetterCount: "exact",
});
