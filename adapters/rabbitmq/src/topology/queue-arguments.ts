import type { SubscriptionSpec } from "@anytopic/core/driver";
import { CONSUMER_TIMEOUT_MS, NO_DELIVERY_LIMIT } from "../limits.ts";
import type { QueueNames } from "../names.ts";

export type QueueArguments = Readonly<Record<string, string | number | boolean>>;

/** Dead-lettering without loss: the original is deleted after the copy is confirmed. Needs `reject-publish`. */
const AT_LEAST_ONCE: QueueArguments = { "x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish" };

export function subscriptionQueueArguments(subscription: SubscriptionSpec, names: QueueNames): QueueArguments {
  return {
    "x-queue-type": "quorum",
    "x-delivery-limit": deliveryLimit(subscription.maxRetries),
    "x-message-ttl": subscription.topic.retentionMs,
    "x-dead-letter-exchange": "",
    "x-dead-letter-routing-key": names.deadLetters,
    ...AT_LEAST_ONCE,
    "x-consumer-timeout": CONSUMER_TIMEOUT_MS,
    ...(subscription.topic.ordered ? { "x-single-active-consumer": true } : {}),
  };
}

/** If a policy limits its length, it refuses new letters, which then stay in the subscription's queue, and drops no old ones. */
export function deadLetterQueueArguments(): QueueArguments {
  return { ...earlierDeadLetterQueueArguments(), "x-overflow": "reject-publish" };
}

/** Until 0.1. Arguments cannot be changed, and letters must not be deleted to change them. */
export function earlierDeadLetterQueueArguments(): QueueArguments {
  return { "x-queue-type": "quorum", "x-delivery-limit": NO_DELIVERY_LIMIT };
}

export function waitQueueArguments(names: QueueNames): QueueArguments {
  return {
    "x-queue-type": "quorum",
    "x-delivery-limit": NO_DELIVERY_LIMIT,
    "x-dead-letter-exchange": "",
    "x-dead-letter-routing-key": names.queue,
    ...AT_LEAST_ONCE,
  };
}

/** Every message waits equally long, and goes on to `exchange` with its own routing key. */
export function delayLevelArguments(delayMs: number, exchange: string): QueueArguments {
  return {
    "x-queue-type": "quorum",
    "x-delivery-limit": NO_DELIVERY_LIMIT,
    "x-message-ttl": delayMs,
    "x-dead-letter-exchange": exchange,
    ...AT_LEAST_ONCE,
  };
}

/** Confirms every message and keeps none. Quorum queues cannot do that. */
export function nobodyArguments(): QueueArguments {
  return { "x-queue-type": "classic", "x-max-length": 0, "x-overflow": "drop-head" };
}

/**
 * How often a message may be returned to its queue before the broker dead-letters it by itself: a power of two, well above the
 * attempts that core permits, and at least 32, so that a change of `maxRetries` seldom needs a new queue.
 */
export function deliveryLimit(maxRetries: number): number {
  const least = maxRetries + 8;
  if (least > NO_DELIVERY_LIMIT) return NO_DELIVERY_LIMIT;
  return Math.max(32, 2 ** Math.ceil(Math.log2(least)));
}
