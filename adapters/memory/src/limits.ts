/** Body, attributes, key and id of one message. */
export const MAX_MESSAGE_BYTES: number = 10 * 1024 * 1024;
/** A lease is not renewed beyond this; then the message is redelivered. */
export const MAX_LEASE_MS: number = 12 * 60 * 60 * 1000;
/** A second publish of an id on the same exactly-once topic within this time is accepted and dropped. */
export const DEDUPLICATION_WINDOW_MS: number = 10 * 60 * 1000;
/** How long a letter that was taken belongs to whoever took it. */
export const LETTER_LEASE_MS = 60_000;

/** The default of the option `maxMessages`. */
export const DEFAULT_MAX_MESSAGES = 1_000_000;
/** The default of the option `maxBytes`, 2 GiB. */
export const DEFAULT_MAX_BYTES: number = 2 * 1024 * 1024 * 1024;
/** The default of the option `maxDeduplicationIds`. */
export const DEFAULT_MAX_DEDUPLICATION_IDS = 1_000_000;

/**
 * How much a broker keeps, so that a runaway publisher gets an error before the process runs out of memory. Beyond it,
 * publishing rejects with `RESOURCE_EXHAUSTED`; no accepted message is ever dropped to make room.
 */
export interface MemoryLimits {
  /** Messages per topic that some subscription has not settled, and letters per dead-letter queue. 1 to 100,000,000. @default 1_000_000 */
  readonly maxMessages: number;
  /** Their bytes (body, id, key, attributes). 10 MiB to 1 TiB. @default 2_147_483_648 (2 GiB) */
  readonly maxBytes: number;
  /**
   * Ids remembered per exactly-once topic for 10 minutes, about 100 bytes each. To forget one early could let a message run
   * twice. 2 to 10,000,000. @default 1_000_000
   */
  readonly maxDeduplicationIds: number;
}
