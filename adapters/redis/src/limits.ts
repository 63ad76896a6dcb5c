/** The limits that the adapter keeps to. Redis itself has hardly any: a value has 512 MB, an entry of a stream under 1 GB. Read 2026-11-26. */

/**
 * The largest message as `sizeOf` counts it, 8 MiB. Ours: Redis serves everybody with one thread, and a larger value would stop the others.
 * `proto-max-bulk-len` is 512 MB. https://redis.io/docs/latest/operate/oss_and_stack/management/config-file/
 */
export const MAX_MESSAGE_BYTES = 8_388_608;

/** Ours, the same as of Google Cloud Pub/Sub, so that attributes stay portable. Redis takes any number and any bytes. */
export const MAX_ATTRIBUTES = 100;
/** Bytes of the key of an attribute. Ours. */
export const MAX_ATTRIBUTE_KEY_BYTES = 256;
/** Bytes of the value of an attribute. Ours. */
export const MAX_ATTRIBUTE_VALUE_BYTES = 1024;
/** Bytes of an ordering key. Ours. */
export const MAX_ORDERING_KEY_BYTES = 1024;

/** The longest delay of a retry, in ms: one day. Ours: a sorted set holds any time. */
export const MAX_RETRY_DELAY_MS = 86_400_000;

/** The longest lease that can be asked for at once, in ms. Ours: a lease is renewed without end. */
export const MAX_ACK_DEADLINE_MS = 600_000;

/** How long the ids of an exactly-once topic are remembered at least, in ms. */
export const DEDUPLICATION_WINDOW_MS = 600_000;

/** The lease of a letter taken for redrive, in ms. */
export const LETTER_LEASE_MS = 60_000;

/** A message has this many attempts beyond `maxRetries + 1` when its workers die. Then it becomes a dead letter. */
export const BACKSTOP_ATTEMPTS = 32;

/** Messages of an ordered subscription that wait for their key, beyond which no new ones are read. Ours, as `max_ack_pending` of the NATS adapter. */
export const MAX_PARKED = 10_000;

/** Bytes that one answer of the server should have at most: messages and letters are asked for in such numbers that they have about that. Ours: the server keeps an answer in memory until it is read. */
export const ANSWER_BYTES = 16_777_216;
