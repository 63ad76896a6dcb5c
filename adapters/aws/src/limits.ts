/**
 * The limits of AWS that this adapter uses, read on 2026-11-22 from
 * SQS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 * SNS: https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
 */

/** Entries in one PublishBatch, DeleteMessageBatch, ChangeMessageVisibilityBatch or ReceiveMessage. AWS refuses more. */
export const MAX_BATCH_ENTRIES = 10;

/** Bytes of one SNS message, and of all messages of one PublishBatch: body, and name, type and value of each attribute. AWS refuses more. A topic can be set to 1 MiB, but most kinds of subscription are excluded then, so we use the default. */
export const MAX_PUBLISH_BYTES = 262_144;

/** Reserved in every message for the record of its dead letter, which has up to 500 escaped characters. */
export const DEAD_LETTER_ROOM_BYTES = 4096;

/** Attributes of one message, one of which is ours. With raw delivery SNS discards a message that has more. */
export const MAX_ATTRIBUTES = 10;

/** Characters of an attribute's name. AWS refuses more. */
export const MAX_ATTRIBUTE_NAME_CHARACTERS = 256;

/** Characters of a message group id and of a deduplication id. AWS refuses more. */
export const MAX_FIFO_ID_CHARACTERS = 128;

/** The longest time that a message can be invisible after one receipt, in seconds. AWS refuses more. */
export const MAX_VISIBILITY_SECONDS = 43_200;

/** The longest wait of a long poll, in seconds. AWS refuses more. */
export const MAX_WAIT_SECONDS = 20;

/** How long a FIFO topic or queue remembers a deduplication id, in ms. */
export const DEDUPLICATION_WINDOW_MS = 300_000;

/** Retention of a queue, in seconds. AWS refuses less and more. */
export const RETENTION_SECONDS = { min: 60, max: 1_209_600 } as const;

/** `maxReceiveCount` of a redrive policy. AWS refuses more. */
export const MAX_RECEIVE_COUNT = 1000;

/** Characters of a queue's name, with its `.fifo`. AWS refuses more. */
export const MAX_QUEUE_NAME_CHARACTERS = 80;

/** Characters of a topic's name, with its `.fifo`. AWS refuses more. */
export const MAX_TOPIC_NAME_CHARACTERS = 256;

/** Keys of a filter policy. SNS refuses more. https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html (2026-11-26) */
export const MAX_FILTER_KEYS = 5;

/** The numbers of conditions of all keys of a filter policy, multiplied. SNS refuses more. The same page. */
export const MAX_FILTER_COMBINATIONS = 150;

/** AWS refuses to create a queue until this long after the deletion of a queue of the same name, in ms. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html */
export const QUEUE_REBIRTH_MS = 60_000;
