/**
 * The limits of Google Cloud Pub/Sub that the adapter keeps. Read 2026-11-22 on
 * https://cloud.google.com/pubsub/quotas#resource_limits unless another page is named.
 * The emulators enforce almost none of them, so core checks them before anything is sent.
 */

/** All messages of one publish request together, in bytes. One message may be as large. */
export const MAX_PUBLISH_BYTES = 10_000_000;
/** Messages in one publish request. */
export const MAX_PUBLISH_MESSAGES = 1000;
/** Reserved on every message for what a dead letter adds: its record in up to four attributes, the time, and the four attributes of the service's own forwarding. */
export const DEAD_LETTER_ROOM_BYTES = 16_384;

/** On one message, including ours. */
const MAX_ATTRIBUTES_OF_MESSAGE = 100;
/** Id, time, attempts, four parts of a dead-letter record, four of the service's own forwarding (`CloudPubSubDeadLetterSource…`), one to spare. */
const OUR_ATTRIBUTES = 12;
/** Attributes of the user on one message: those of the service, without ours. */
export const MAX_ATTRIBUTES: number = MAX_ATTRIBUTES_OF_MESSAGE - OUR_ATTRIBUTES;
/** In bytes. */
const MAX_KEY_BYTES = 256;
/** Put before keys that the service refuses, see `codec.ts`. Ours. */
export const ESCAPE_PREFIX = "anytopic.";
/** Bytes of the key of an attribute: those of the service, without the prefix of keys that it refuses. */
export const MAX_ATTRIBUTE_KEY_BYTES: number = MAX_KEY_BYTES - ESCAPE_PREFIX.length;
/** Bytes of the value of an attribute. */
export const MAX_ATTRIBUTE_VALUE_BYTES = 1024;
/** Bytes of an ordering key. https://cloud.google.com/pubsub/docs/ordering */
export const MAX_ORDERING_KEY_BYTES = 1024;

/** Of a subscription and of one ModifyAckDeadline, in seconds. https://cloud.google.com/pubsub/docs/reference/rpc/google.pubsub.v1#subscription */
export const MIN_ACK_DEADLINE_SECONDS = 10;
/** The longest such deadline, in seconds. Same page. */
export const MAX_ACK_DEADLINE_SECONDS = 600;

/** Retention of unsettled messages, in seconds: 10 minutes to 31 days. Same page. */
export const MIN_RETENTION_SECONDS = 600;
/** The longest retention, in seconds. Same page. */
export const MAX_RETENTION_SECONDS = 2_678_400;
/** The official emulator (0.8.20) refuses more than 7 days, as the service did until 2024. */
export const EMULATOR_MAX_RETENTION_SECONDS = 604_800;

/** Range of `max_delivery_attempts` of the service's own dead-lettering. https://cloud.google.com/pubsub/docs/handling-failures */
export const MIN_DELIVERY_ATTEMPTS = 5;
/** The largest number of those attempts. Same page. */
export const MAX_DELIVERY_ATTEMPTS = 100;

/** Messages in one answer to a pull. The service may return fewer; the emulator returns 100. */
export const MAX_PULL_MESSAGES = 1000;

/** Ack ids in one request. A request may have 512 KiB, an ack id has about 200 bytes. */
export const MAX_ACK_IDS = 2000;

/** How long a connection may take to close before its socket is destroyed, in ms. Ours: nothing that matters is pending then. */
export const DISCONNECT_MS = 200;

/** Ids of topics and subscriptions: 3 to 255 characters. https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names */
export const MIN_RESOURCE_ID_LENGTH = 3;
/** The longest id, in characters. Same page. */
export const MAX_RESOURCE_ID_LENGTH = 255;

/** Bytes of a subscription's filter. The service refuses more, and never changes one. https://cloud.google.com/pubsub/docs/subscription-message-filter (2026-11-26) */
export const MAX_FILTER_BYTES = 256;
