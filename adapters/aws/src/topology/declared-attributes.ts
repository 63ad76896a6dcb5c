import type { SubscriptionSpec, TopicSpec } from "@anytopic/core/driver";
import { MAX_RECEIVE_COUNT, RETENTION_SECONDS } from "../limits.ts";
import { isFifo } from "../names.ts";
import { filterPolicy } from "./filter-policy.ts";

/** Receipts that end before a handler starts, and crashes, also count at the broker. */
const SPARE_RECEIPTS = 10;
/** When one of up to nine messages before it fails, a message of a FIFO group is received once more, unstarted. */
const FIFO_RECEIPTS_PER_ATTEMPT = 10;

/** Attributes by their AWS names; all values are text. */
export type ResourceAttributes = Readonly<Record<string, string>>;

/** Throughput and deduplication per message group, not for the whole queue: "high throughput FIFO". */
const FIFO_QUEUE: ResourceAttributes = {
  FifoQueue: "true",
  DeduplicationScope: "messageGroup",
  FifoThroughputLimit: "perMessageGroupId",
};

export function topicAttributes(topic: TopicSpec): ResourceAttributes {
  return isFifo(topic) ? { FifoTopic: "true", FifoThroughputScope: "MessageGroup" } : {};
}

/** Without the attributes that need an ARN: `Policy` and `RedrivePolicy`. */
export function queueAttributes(subscription: SubscriptionSpec): ResourceAttributes {
  const retention = Math.ceil(subscription.topic.retentionMs / 1000);
  return {
    ...(isFifo(subscription.topic) ? FIFO_QUEUE : undefined),
    VisibilityTimeout: String(Math.ceil(subscription.ackDeadlineMs / 1000)),
    MessageRetentionPeriod: String(Math.min(RETENTION_SECONDS.max, Math.max(RETENTION_SECONDS.min, retention))),
  };
}

/** Letters are kept as long as SQS allows. */
export function deadLetterQueueAttributes(subscription: SubscriptionSpec): ResourceAttributes {
  return {
    ...(isFifo(subscription.topic) ? FIFO_QUEUE : undefined),
    MessageRetentionPeriod: String(RETENTION_SECONDS.max),
  };
}

/**
 * The backstop for workers that die: higher than every count that a message with live workers can reach. Undefined where
 * SQS allows no count that high, for example with unlimited retries: then there is no backstop.
 */
export function maxReceiveCount(subscription: SubscriptionSpec): number | undefined {
  const attempts = subscription.maxRetries + 1;
  if (attempts + SPARE_RECEIPTS > MAX_RECEIVE_COUNT) return undefined;
  const receipts = (isFifo(subscription.topic) ? FIFO_RECEIPTS_PER_ATTEMPT : 2) * attempts;
  return Math.min(MAX_RECEIVE_COUNT, receipts + SPARE_RECEIPTS);
}

export function queueRedrivePolicy(subscription: SubscriptionSpec, deadLetterArn: string): string | undefined {
  const count = maxReceiveCount(subscription);
  return count === undefined
    ? undefined
    : JSON.stringify({ deadLetterTargetArn: deadLetterArn, maxReceiveCount: count });
}

/** Without a filter policy when SNS lets everything through. */
export function subscriptionAttributes(subscription: SubscriptionSpec, deadLetterArn: string): ResourceAttributes {
  const { policy } = filterPolicy(subscription.filter ?? []);
  return {
    RawMessageDelivery: "true",
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetterArn }),
    ...(policy === undefined ? undefined : { FilterPolicy: policy }),
  };
}

/** Tell people and cost reports what a resource belongs to. */
export function ownershipTags(topic: string, subscription?: string): Record<string, string> {
  return {
    "anytopic:topic": topic,
    ...(subscription === undefined ? undefined : { "anytopic:subscription": subscription }),
  };
}
