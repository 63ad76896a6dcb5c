import type { AnySubscription, PubSub } from "@anytopic/core";
import type { SubscriptionSettings } from "../api/subscription-detail.ts";
import { inForce } from "./in-force.ts";

type OwnSettings = Omit<SubscriptionSettings, "configured">;

/** What is in force for a subscription, and which of it comes from the configuration. */
export function subscriptionSettings(pubsub: PubSub | undefined, declared: AnySubscription): SubscriptionSettings {
  const before = settingsOf(declared);
  const after = settingsOf(inForce(pubsub, declared));
  const configured = (Object.keys(after) as (keyof OwnSettings)[]).filter(
    (name) => JSON.stringify(after[name]) !== JSON.stringify(before[name]),
  );
  return { ...after, configured };
}

function settingsOf({ topic, retryPolicy, ...own }: AnySubscription): OwnSettings {
  const { minBackoffMs, maxBackoffMs, maxRetries, jitter } = retryPolicy;
  return {
    ackDeadlineMs: own.ackDeadlineMs,
    maxConcurrency: own.maxConcurrency,
    maxHandlingMs: own.maxHandlingMs,
    minBackoffMs,
    maxBackoffMs,
    maxRetries: Number.isFinite(maxRetries) ? maxRetries : null,
    jitter,
    onExpired: own.onExpired,
    filter: own.filter === undefined ? null : { ...own.filter },
    rate: own.rate ?? null,
    circuit: own.circuit ?? null,
    ordered: topic.orderingKey !== undefined,
    deliveryGuarantee: topic.deliveryGuarantee,
    retentionMs: topic.retentionMs,
    replay: topic.replay,
    codec: topic.codec.name,
    hasSchema: topic.schema !== undefined,
  };
}
