import type { AttemptEnd, AttemptInfo, PublishEnd, PublishInfo } from "@anytopic/core";

import { ERROR_TYPE } from "../conventions/attribute-names.ts";
import { errorType } from "../conventions/error-type.ts";
import { REASON } from "../conventions/metric-names.ts";
import { PlaceCache } from "../place-cache.ts";
import { consumeAttributes, type Labels, publishAttributes, subscriptionAttributes } from "./metric-attributes.ts";
import type { Meters } from "./meters.ts";
import type { Cell } from "./tally.ts";

export interface MessageMetrics {
  /** A publish begins. Returns what to call when it has ended. */
  publish(info: PublishInfo): (end: PublishEnd) => void;
  /** An attempt begins. Returns what to call when it has ended. */
  begin(attempt: AttemptInfo): (end: AttemptEnd) => void;
  /** An attempt ended without a handler or reader. */
  skip(attempt: AttemptInfo, end: AttemptEnd): void;
}

/** What is counted of the publishes to one topic. */
interface TopicNumbers {
  readonly attributes: Labels;
  readonly sent: Cell;
}

/** What is counted of the attempts of one subscription. */
interface SubscriptionNumbers {
  readonly process: Labels;
  readonly own: Labels;
  readonly consumed: Cell;
  readonly redeliveries: Cell;
  readonly retries: Cell;
}

/** Counts and times every publish and every attempt. */
export function messageMetrics(meters: Meters): MessageMetrics {
  const topics = new PlaceCache((adapter, topic): TopicNumbers => {
    const attributes = publishAttributes(adapter, topic);
    return { attributes, sent: meters.sent.cell(attributes) };
  });
  const subscriptions = new PlaceCache((adapter, topic, subscription): SubscriptionNumbers => {
    const own = subscriptionAttributes(topic, subscription);
    return {
      own,
      process: consumeAttributes("process", adapter, topic, subscription),
      consumed: meters.consumed.cell(consumeAttributes("receive", adapter, topic, subscription)),
      redeliveries: meters.redeliveries.cell(own),
      retries: meters.retries.cell(own),
    };
  });
  const numbersOf = ({ adapter, topic, subscription }: AttemptInfo): SubscriptionNumbers =>
    subscriptions.of(adapter, topic, subscription);

  function count({ retries, own }: SubscriptionNumbers, { outcome, reason }: AttemptEnd): void {
    if (outcome === "retry") retries.count += 1;
    else if (outcome === "dead-letter") meters.deadLetters.add({ ...own, [REASON]: reason ?? "" });
  }

  return {
    publish({ adapter, topic }): (end: PublishEnd) => void {
      const startedMs = performance.now();
      return ({ error }) => {
        const { attributes, sent } = topics.of(adapter, topic, "");
        const all = error === undefined ? attributes : { ...attributes, [ERROR_TYPE]: errorType(error) };
        if (error === undefined) sent.count += 1;
        else meters.sent.add(all);
        meters.operationDuration.record((performance.now() - startedMs) / 1000, all);
      };
    },

    begin(attempt): (end: AttemptEnd) => void {
      const numbers = numbersOf(attempt);
      numbers.consumed.count += 1;
      if (attempt.attempt > 1) numbers.redeliveries.count += 1;
      else {
        const waitedMs = Math.max(0, Date.now() - attempt.publishTime.getTime());
        meters.deliveryLatency.record(waitedMs / 1000, numbers.own);
      }
      return (end) => {
        count(numbers, end);
        const succeeded = end.outcome === "ack" || end.outcome === "release";
        const all = succeeded ? numbers.process : { ...numbers.process, [ERROR_TYPE]: errorType(end.error) };
        meters.processDuration.record(end.durationMs / 1000, all);
      };
    },

    skip(attempt, end): void {
      count(numbersOf(attempt), end);
    },
  };
}
