/**
 * The limits of JetStream that the adapter keeps to. Read 2026-11-22.
 * Beyond a limit of the broker the server refuses a publish, or closes the connection. Core checks before.
 */

/** `max_payload` of a server with default settings, in bytes: headers and body together. https://docs.nats.io/running-a-nats-service/configuration#limits */
export const DEFAULT_MAX_PAYLOAD_BYTES = 1_048_576;

/** The largest `max_payload` a server accepts, 64 MiB. Same page. */
export const MAX_MAX_PAYLOAD_BYTES = 67_108_864;

/**
 * Bytes of letters that are asked for at once. A server ends a connection on which more than its `max_pending`, 64 MiB unless
 * configured, waits to be written. https://docs.nats.io/running-a-nats-service/configuration#connectivity
 */
export const MAX_FETCH_BYTES = 33_554_432;

/** JetStream stores the length of the headers in 16 bits: error 10097 beyond. nats-server `server/stream.go`, `processJetStreamMsg`. */
export const MAX_HEADER_BYTES = 65_535;

/** Reserved in every message for what a dead letter adds: its record of at most about 4 KiB, the id and the time. */
export const DEAD_LETTER_ROOM_BYTES = 8192;

/** The longest name of a stream or consumer, in bytes. nats-server `server/jetstream_api.go`, `JSMaxNameLen`. */
export const MAX_NAME_BYTES = 255;

/** Our limits, the same as of Google Cloud Pub/Sub, so that attributes stay portable. All attributes together must fit in `MAX_HEADER_BYTES`. */
export const MAX_ATTRIBUTES = 100;
/** Bytes of the key of an attribute. Our limit. */
export const MAX_ATTRIBUTE_KEY_BYTES = 256;
/** Bytes of the value of an attribute. Our limit. */
export const MAX_ATTRIBUTE_VALUE_BYTES = 1024;
/** Bytes of an ordering key. Our limit. */
export const MAX_ORDERING_KEY_BYTES = 1024;

/** Our limit: NATS allows any delay of a negative acknowledgement, but nobody needs more than a day. */
export const MAX_NAK_DELAY_MS = 86_400_000;

/** How long dead letters are kept, in ms: 14 days, the longest retention a topic can have. */
export const DEAD_LETTER_RETENTION_MS = 1_209_600_000;

/** The lease of a letter taken for redrive, in ms. */
export const LETTER_LEASE_MS = 60_000;

/** The server allows this many deliveries beyond `maxRetries + 1` (`max_deliver`), for crashes and released prefetched messages. */
export const BACKSTOP_DELIVERIES = 100;

/** Unsettled messages of one subscription, waiting retries included, beyond which the server delivers nothing new (`max_ack_pending`). */
export const MAX_ACK_PENDING = 100_000;

/** The same for an ordered subscription. Its active worker may have to hold all of them in memory after another one has crashed. */
export const MAX_ACK_PENDING_ORDERED = 10_000;

/** JetStream counts times in nanoseconds. */
export const NANOSECONDS_PER_MS = 1_000_000;

/** How many bytes of unreadable headers a letter keeps: in base64, with the record, they fit into `MAX_HEADER_BYTES`. */
export const MAX_RAW_HEADER_BYTES = 36_000;

/** The times a `Date` can hold, in ms around 1970. https://tc39.es/ecma262/#sec-time-values-and-time-range (2026-11-26) */
export const MAX_TIME_MS = 8.64e15;
