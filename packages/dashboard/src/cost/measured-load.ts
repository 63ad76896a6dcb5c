import type { SubscriptionFigures, TopicFigures } from "./declared-load.ts";
import { MONTH_SECONDS } from "./month.ts";

/** What a running system was seen to do. */
export interface MeasuredLoad {
  /** How long it was watched, in ms. */
  readonly measuredMs: number;
  readonly topics: readonly MeasuredTopic[];
  readonly subscriptions: readonly MeasuredSubscription[];
}

/** What was measured of one topic. */
export interface MeasuredTopic {
  readonly topic: string;
  readonly messages: number;
  /** Mean bytes of a body; `undefined` when nobody knows. */
  readonly bytes: number | undefined;
  readonly attributes?: number | undefined;
  readonly attributeBytes?: number | undefined;
}

/** What was measured of one subscription. */
export interface MeasuredSubscription {
  readonly topic: string;
  readonly subscription: string;
  /** Attempts that were not the first. */
  readonly retries: number;
  /** Messages that came to an end. */
  readonly handled: number;
  /** Mean time of a handler, in ms; `undefined` when none ran. */
  readonly handlingMs: number | undefined;
}

/** The figures of a topic, as if it went on like this for a month. `undefined` when it was not watched. */
export function measuredFigures(measured: MeasuredLoad, topic: string): TopicFigures | undefined {
  const found = measured.topics.find((one) => one.topic === topic);
  if (found === undefined || measured.measuredMs <= 0) return undefined;
  const { messages, bytes, attributes, attributeBytes } = found;
  const messagesPerMonth = (messages / measured.measuredMs) * 1000 * MONTH_SECONDS;
  return { messagesPerMonth, bytes, attributes, attributeBytes };
}

/** The figures of a subscription, as far as they were seen. */
export function measuredSubscriptionFigures(
  { subscriptions }: MeasuredLoad,
  topic: string,
  subscription: string,
): SubscriptionFigures {
  const found = subscriptions.find((one) => one.topic === topic && one.subscription === subscription);
  if (found === undefined) return {};
  const { retries, handled, handlingMs } = found;
  return { retriesPerMessage: handled === 0 ? undefined : retries / handled, handlingMs };
}
