// Nothing outside sets these limits: they are ours, chosen so that what works here fits most brokers, and so that a
// runaway publisher meets an error before the process runs out of memory.

/** Body, attributes, key and id of one message. */
export const MAX_MESSAGE_BYTES: number = 10 * 1024 * 1024;
export const MAX_ATTRIBUTES = 100;
/** UTF-8. */
export const MAX_ATTRIBUTE_KEY_BYTES = 256;
/** UTF-8. */
export const MAX_ATTRIBUTE_VALUE_BYTES = 4096;
/** UTF-8. */
export const MAX_ORDERING_KEY_BYTES = 1024;

export const MIN_ACK_DEADLINE_MS = 1000;
export const MAX_ACK_DEADLINE_MS: number = 12 * 60 * 60 * 1000;
/** A lease is not renewed past this; then the message is redelivered. */
export const MAX_LEASE_MS: number = 12 * 60 * 60 * 1000;
export const MAX_NACK_DELAY_MS: number = 12 * 60 * 60 * 1000;

/** A second publish of an id on the same exactly-once topic within this time is accepted and dropped. */
export const DEDUPLICATION_WINDOW_MS: number = 10 * 60 * 1000;
/** How long a letter that was taken stays with its taker. */
export const LETTER_LEASE_MS = 60_000;

/** Unsettled messages per topic, and letters per dead-letter queue; beyond it `RESOURCE_EXHAUSTED`. */
export const DEFAULT_MAX_MESSAGES = 1_000_000;
/** Their bytes, as `MAX_MESSAGE_BYTES` counts; beyond it `RESOURCE_EXHAUSTED`. */
export const DEFAULT_MAX_BYTES: number = 2 * 1024 * 1024 * 1024;
/** Ids remembered per exactly-once topic; beyond it `RESOURCE_EXHAUSTED`, since forgetting one early could let a message run twice. */
export const DEFAULT_MAX_DEDUPLICATION_IDS = 1_000_000;

/** How much a broker keeps. Beyond it, publishing rejects with `RESOURCE_EXHAUSTED`; nothing is ever dropped for room. */
export interface MemoryLimits {
  /** Messages per topic that some subscription has not settled, and letters per dead-letter queue. 1 to 100,000,000. @default 1_000_000 */
  readonly maxMessages: number;
  /** Their bytes (body, id, key, attributes). 10 MiB to 1 TiB. @default 2_147_483_648 (2 GiB) */
  readonly maxBytes: number;
  /** Ids remembered per exactly-once topic for 10 minutes, about 100 bytes each. 2 to 10,000,000. @default 1_000_000 */
  readonly maxDeduplicationIds: number;
}
