/**
 * The largest message in bytes. `max_message_size` is 16 MiB by default since 4.0 (128 MiB before), and counts the body only.
 * Above it the broker closes the channel. 64 KiB are reserved for headers, so that one number limits both.
 * https://www.rabbitmq.com/docs/configure (read 2026-11-22)
 */
export const MAX_MESSAGE_BYTES: number = 16 * 1024 * 1024 - 64 * 1024;

/**
 * The largest header table that amqplib can encode, in bytes: the size of its buffer; above it, an error since 2.3.1. It also fits
 * into the default `frame_max` of 128 KiB, which properties cannot exceed.
 * https://github.com/amqp-node/amqplib/blob/main/CHANGELOG.md (read 2026-11-22)
 */
export const MAX_HEADER_BYTES = 65_536;

/** Reserved in the frame of a message's headers for its other content: seven short strings, numbers and the frame itself. */
export const FRAME_ROOM_BYTES = 2048;

/** Reserved in the header table for a dead-letter record, the ordering key and our own headers. */
export const HEADER_ROOM_BYTES = 8192;

/** A header's name is a short string of AMQP 0-9-1: 255 bytes. Escaping a reserved one takes 13. */
export const MAX_ATTRIBUTE_KEY_BYTES = 240;

/** Bytes of the value of an attribute. Our limit: two of them fill the header table. */
export const MAX_ATTRIBUTE_VALUE_BYTES = 32_768;
/** Attributes of one message. Our limit. */
export const MAX_ATTRIBUTES = 100;
/** Bytes of an ordering key. Our limit. */
export const MAX_ORDERING_KEY_BYTES = 1024;

/** Names of exchanges and queues are short strings. AMQP 0-9-1 §4.2.5.3. */
export const MAX_NAME_BYTES = 255;

/** `basic.qos` of AMQP 0-9-1 counts in 16 bits, and 0 would mean no limit at all. */
export const MAX_PREFETCH = 65_535;

/**
 * `x-consumer-timeout` of our queues: how long a delivery may stay unsettled before the broker takes it back. Longer than
 * `MAX_LEASE_MS`, so that core is always first. Servers before 3.12 do not support it: there the `consumer_timeout` of their
 * configuration counts, 30 minutes by default.
 * https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout (read 2026-11-22)
 */
export const CONSUMER_TIMEOUT_MS: number = 13 * 60 * 60 * 1000;

/** The longest `maxHandlingMs`. */
export const MAX_LEASE_MS: number = 12 * 60 * 60 * 1000;

/** The longest delay of a retry. A message's time to live may be much longer: it is an unsigned 32-bit number of ms. */
export const MAX_RETRY_DELAY_MS: number = 24 * 60 * 60 * 1000;

/** The longest delay of a publish: the same. A longer one would need one more exchange and queue for each doubling. */
export const MAX_LEVELS_DELAY_MS: number = MAX_RETRY_DELAY_MS;

/** Delays of publishes are rounded up to whole steps of so many ms. */
export const PUBLISH_DELAY_STEP_MS = 128;

/** The delay levels: how long a message waits in each, in ms. Together 37 hours. */
export const DELAY_LEVELS_MS: readonly number[] = Array.from(
  { length: 20 },
  (_, level) => PUBLISH_DELAY_STEP_MS * 2 ** level,
);

/**
 * There is one wait queue for the delays up to each of these: powers of two from 128 ms to 37 hours. A message waits only behind
 * earlier messages of its own queue, so at most for the upper bound of that queue.
 */
export const WAIT_QUEUE_TTLS_MS: readonly number[] = Array.from({ length: 21 }, (_, index) => 2 ** (index + 7));

/** An `x-delivery-limit` that is never reached. A queue without one has the broker's default of 20 from 4.0 on. */
export const NO_DELIVERY_LIMIT: number = 2 ** 31 - 1;

/** How many publishes may wait while the broker blocks or the socket is full; more are refused. */
export const MAX_WAITING_PUBLISHES = 10_000;
/** The bytes of all of them together. Our limit. */
export const MAX_WAITING_BYTES: number = 64 * 1024 * 1024;

/** The least time in which a channel is used whose publishes the broker refuses; then a new one is opened, which may find the leader. */
export const NACKING_CHANNEL_MS = 1000;

/**
 * How long after its declaration a quorum queue is safe to use. The server writes the list of its queues' logs with a delay. If the
 * node was killed less than about 0.6 s after the declaration, the queue was empty afterwards (4.3.6) or never answered
 * again (3.10.8), with confirmed messages in it. Seen on 2026-11-22.
 */
export const QUEUE_SETTLES_MS = 1000;

/**
 * How long the broker may take for one answer, in ms; then the call rejects with `TIMEOUT`. Calls inside the server have limits of
 * at most 60 s, most of 5 or 15, and a silent connection ends after two heartbeats.
 */
export const ANSWER_TIMEOUT_MS = 30_000;

/**
 * A queue that has not answered for so long, in ms, no longer holds up what is sent to others. Longer than a busy disk takes. See
 * `QueueSender`.
 */
export const SILENT_QUEUE_MS = 5000;

/**
 * For how long a wait queue that did not answer within `ANSWER_TIMEOUT_MS` is not used, in ms. Then one retry tries it: that one is late if
 * the queue is still silent.
 */
export const AVOID_SILENT_QUEUE_MS: number = 10 * 60_000;

/** How many channels of a connection may be open at once for one question or declaration each. */
export const MAX_SHORT_CHANNELS = 16;

/** How long the first connection may take for all nodes together, in ms, unless `connectTimeoutMs` is longer. See `Adapter.open` of core. */
export const OPEN_TIMEOUT_MS = 10_000;

/**
 * How long no dead letter may arrive, in ms, until those that were promised count as taken by others. The server sends them all at once. If it
 * is slower than this, nothing is lost: they are read next.
 */
export const LETTER_SILENCE_MS = 500;

/**
 * The most dead letters that a scan asks for at once. The server passes on 32 returns at once, and those of one such window take 14. Our
 * limit.
 */
export const SCAN_WINDOW = 400;
/**
 * The most dead letters that are asked for at once to be taken. They return one by one, and the server passes on 32 returns at once. Our
 * limit.
 */
export const TAKE_WINDOW = 30;
/**
 * The bytes that dead letters asked for at once may have together, as far as the sizes of those before tell. The server holds them in
 * memory while it sends them. Our limit.
 */
export const LETTER_WINDOW_BYTES: number = 16 * 1024 * 1024;
/** About how many bytes of bodies one `take` of dead letters returns: then it returns fewer letters than it may. Our limit. */
export const MAX_TAKE_BYTES: number = 64 * 1024 * 1024;
