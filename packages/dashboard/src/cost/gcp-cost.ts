import { estimatedFill, perRequest } from "./batch-fill.ts";
import type { Counted } from "./cost.ts";
import type { SubscriptionLoad, TopicLoad } from "./load.ts";
import { MONTH_DAYS } from "./load.ts";
import { gcpMessageBytes } from "./message-bytes.ts";
import { activeSeconds } from "./month.ts";
import { shownNumber } from "./shown-number.ts";

/** Of each publish and each pull request. */
const MIN_REQUEST_BYTES = 1000;
/** The rest is what adapters/gcp does: `publishBatch.maxMessages` of its capabilities. It collects for one turn of the event loop only. */
const MAX_FILL = 500;
const PUBLISH_WINDOW_MS = 0;
/** Messages in one answer to a pull. `maxOutstanding` of a worker is shared by its pulls; by default each asks for at least 25. */
const MAX_PULL_FILL = 25;
/** `GATHER_MS` of its puller. */
const RECEIVE_WINDOW_MS = 2;
/** Of a subscription, in days. */
const MAX_RETENTION_DAYS = 31;
const DAY_MS = 86_400_000;

/** The items of one topic on Google Cloud Pub/Sub, as @anytopic/gcp uses it. */
export function gcpTopicItems(topic: TopicLoad): readonly Counted[] {
  return [publishItem(topic), ...topic.subscriptions.flatMap((one) => subscriptionItems(topic, one))];
}

function publishItem(topic: TopicLoad): Counted {
  const { messagesPerMonth: messages, publishers, ordered } = topic;
  const bytes = gcpMessageBytes(topic);
  const perSecond = messages / activeSeconds(topic.activeHoursPerDay) / publishers;
  const estimated = topic.fill ?? estimatedFill(perSecond, PUBLISH_WINDOW_MS, MAX_FILL);
  // A request has messages of one ordering key only, and the adapter sends them one by one.
  const fill = ordered ? 1 : Math.min(MAX_FILL, estimated);
  return {
    kind: "publish",
    subscription: undefined,
    quantity: billedBytes(messages, bytes, fill),
    priceName: "pubsub-throughput",
    explain: () => throughput(messages, "messages", bytes, fill),
  };
}

function subscriptionItems(topic: TopicLoad, subscription: SubscriptionLoad): readonly Counted[] {
  const { messagesPerMonth: messages, replay, retentionMs } = topic;
  const { name, retriesPerMessage, passes, workers } = subscription;
  const bytes = gcpMessageBytes(topic);
  // The worker applies the filter: all messages are delivered, and those that pass are retried.
  const deliveries = messages * (1 + retriesPerMessage * passes);
  const perSecond = deliveries / activeSeconds(topic.activeHoursPerDay) / workers;
  const fill = Math.min(MAX_PULL_FILL, subscription.fill ?? estimatedFill(perSecond, RECEIVE_WINDOW_MS, MAX_PULL_FILL));
  const filtered = passes < 1 ? "; the worker applies the filter, so all of them are delivered" : "";
  const delivery: Counted = {
    kind: "delivery",
    subscription: name,
    quantity: billedBytes(deliveries, bytes, fill),
    priceName: "pubsub-throughput",
    explain: () => `${throughput(deliveries, "deliveries", bytes, fill)}${filtered}`,
  };
  if (!replay) return [delivery];
  const days = Math.min(MAX_RETENTION_DAYS, retentionMs / DAY_MS);
  const retention: Counted = {
    kind: "retention",
    subscription: name,
    quantity: (messages * bytes * days) / MONTH_DAYS,
    priceName: "pubsub-storage",
    explain: () =>
      `${shownNumber(messages)} messages × ${shownNumber(bytes)} bytes, each kept for ${shownNumber(days)} of ${MONTH_DAYS} days for replay`,
  };
  return [delivery, retention];
}

/** @param count messages, `fill` of them in one request */
function billedBytes(count: number, bytes: number, fill: number): number {
  return (count / fill) * perRequest(fill, (messages) => Math.max(MIN_REQUEST_BYTES, messages * bytes));
}

function throughput(count: number, noun: string, bytes: number, fill: number): string {
  const min = bytes < MIN_REQUEST_BYTES ? `, ${shownNumber(fill)} in a request that counts at least 1,000 bytes` : "";
  return `${shownNumber(count)} ${noun} × ${shownNumber(bytes)} bytes${min}`;
}
