/**
 * The vendor's limits this adapter works with. Each was read on 2026-11-22 from
 * SQS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 * SNS: https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
 */

/** Entries in one PublishBatch, DeleteMessageBatch, ChangeMessageVisibilityBatch or ReceiveMessage. Beyond: the call is refused. */
export const MAX_BATCH_ENTRIES = 10;

/** Bytes of one SNS message, and of one PublishBatch altogether: body, and name, type and value of each attribute. Beyond: refused. A topic can be set to 1 MiB, which excludes most kinds of subscription, so we stay with the default. */
export const MAX_PUBLISH_BYTES = 262_144;

/** Kept free of every message so that its dead letter, which carries a record of up to 500 escaped characters, fits as well. */
export const DEAD_LETTER_ROOM_BYTES = 4096;

/** Attributes of one message. With raw delivery SNS discards a message that has more. One is ours. */
export const MAX_ATTRIBUTES = 10;

/** Characters of an attribute's name. Beyond: refused. */
export const MAX_ATTRIBUTE_NAME_CHARACTERS = 256;

/** Characters of a message group id and of a deduplication id. Beyond: refused. */
export const MAX_FIFO_ID_CHARACTERS = 128;

/** Total time a message can stay invisible from one receipt, in seconds. Beyond: refused. */
export const MAX_VISIBILITY_SECONDS = 43_200;

/** Long polling, in seconds. Beyond: refused. */
export const MAX_WAIT_SECONDS = 20;

/** How long a FIFO topic or queue remembers a deduplication id, in ms. */
export const DEDUPLICATION_WINDOW_MS = 300_000;

/** Retention of a queue, in seconds. Outside: refused. */
export const RETENTION_SECONDS = { min: 60, max: 1_209_600 } as const;

/** `maxReceiveCount` of a redrive policy. Beyond: refused. */
export const MAX_RECEIVE_COUNT = 1000;

/** Characters of a queue's name, with its `.fifo`. Beyond: refused. */
export const MAX_QUEUE_NAME_CHARACTERS = 80;

/** Characters of a topic's name, with its `.fifo`. Beyond: refused. */
export const MAX_TOPIC_NAME_CHARACTERS = 256;

/** A name that was deleted can be created again only after this, in ms. Until then: refused. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html */
export const QUEUE_REBIRTH_MS = 60_000;
