import { type Capabilities, MAX_PUBLISH_DELAY_MS } from "@anytopic/core/driver";
import { DEDUPLICATION_WINDOW_MS, MAX_LEASE_MS, MAX_MESSAGE_BYTES } from "./limits.ts";

export { memoryMessageLimits } from "./message-limits.ts";

const TWELVE_HOURS_MS: number = 12 * 60 * 60 * 1000;

/** What the in-memory broker can do. Nothing outside sets its limits: they are chosen so that what works here fits most brokers. */
export const memoryCapabilities: Capabilities = Object.freeze({
  ordering: "per-key",
  orderedRetry: "broker",
  exactlyOnce: "native",
  deduplicationWindowMs: DEDUPLICATION_WINDOW_MS,
  lease: "renewable",
  maxLeaseMs: MAX_LEASE_MS,
  ackDeadline: Object.freeze({ minMs: 1000, maxMs: TWELVE_HOURS_MS }),
  nackDelay: Object.freeze({ maxMs: TWELVE_HOURS_MS, granularityMs: 1 }),
  attempts: "exact",
  orderedAttempts: "broker",
  ack: "confirmed",
  maxMessageBytes: MAX_MESSAGE_BYTES,
  maxAttributes: 100,
  maxAttributeKeyBytes: 256,
  maxAttributeValueBytes: 4096,
  maxOrderingKeyBytes: 1024,
  publishBatch: Object.freeze({ maxMessages: 1000, maxBytes: 64 * 1024 * 1024, lingerMs: 0 }),
  publishDelay: Object.freeze({ maxMs: MAX_PUBLISH_DELAY_MS, granularityMs: 1, cancel: true, list: true }),
  durability: "process",
  deadLetterCount: "exact",
  filter: "worker",
  replay: "time",
  statistics: Object.freeze({
    waiting: "exact",
    inFlight: "exact",
    delayed: "exact",
    oldestAgeMs: "exact",
    deadLetters: "exact",
  }),
});
