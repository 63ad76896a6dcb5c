import type { AttemptEnd, AttemptInfo, PublishEnd, PublishInfo } from "@anytopic/core";

import * as at from "../conventions/attribute-names.ts";
import { errorType } from "../conventions/error-type.ts";
import { REASON } from "../conventions/metric-names.ts";
import { AttributeCache, processAttributes, publishAttributes, subscriptionAttributes } from "./metric-attributes.ts";
import type { Meters } from "./meters.ts";

export interface MessageMetrics {
  /** A publish begins. Returns what to call when it has ended. */
  publish(info: PublishInfo): (end: PublishEnd) => void;
  /** An attempt begins. Returns what to call when it has ended. */
  begin(attempt: AttemptInfo): (end: AttemptEnd) => void;
  /** An attempt ended without a handler or reader. */
  skip(attempt: AttemptInfo, end: AttemptEnd): void;
}

/** Counts and times every publish and every attempt. */
export function messageMetrics(meters: Meters): MessageMetrics {
  const publishing = new AttributeCache();
  const processing = new AttributeCache();
  const waiting = new AttributeCache();

  function published(info: PublishInfo, startedMs: number, error: unknown): void {
    const failure = error === undefined ? "" : errorType(error);
    const key = `${info.adapter} ${info.topic} ${failure}`;
    const attributes = publishing.get(key, () => publishAttributes(info, failure));
    meters.sent.add(key, () => attributes);
    meters.operationDuration.record((performance.now() - startedMs) / 1000, attributes);
  }

  function started(attempt: AttemptInfo): void {
    const { topic, subscription } = attempt;
    const key = `${topic} ${subscription}`;
    const own = (): Record<string, string> => subscriptionAttributes(topic, subscription);
    meters.consumed.add(`${attempt.adapter} ${key}`, () => {
      const { [at.OPERATION_NAME]: _, ...rest } = processAttributes(attempt, "");
      return { [at.OPERATION_NAME]: "receive", ...rest };
    });
    if (attempt.attempt > 1) meters.redeliveries.add(key, own);
    else {
      const waitedMs = Math.max(0, Date.now() - attempt.publishTime.getTime());
      meters.deliveryLatency.record(waitedMs / 1000, waiting.get(key, own));
    }
  }

  function counted({ topic, subscription }: AttemptInfo, { outcome, reason }: AttemptEnd): void {
    const key = `${topic} ${subscription}`;
    if (outcome === "retry") meters.retries.add(key, () => subscriptionAttributes(topic, subscription));
    if (outcome === "dead-letter") {
      meters.deadLetters.add(`${key} ${reason}`, () => ({
        ...subscriptionAttributes(topic, subscription),
        [REASON]: reason ?? "",
      }));
    }
  }

  function ended(attempt: AttemptInfo, end: AttemptEnd): void {
    counted(attempt, end);
    const failure = end.outcome === "ack" || end.outcome === "release" ? "" : errorType(end.error);
    const key = `${attempt.adapter} ${attempt.topic} ${attempt.subscription} ${failure}`;
    const attributes = processing.get(key, () => processAttributes(attempt, failure));
    meters.processDuration.record(end.durationMs / 1000, attributes);
  }

  return {
    publish(info): (end: PublishEnd) => void {
      const startedMs = performance.now();
      return ({ error }) => published(info, startedMs, error);
    },
    begin(attempt): (end: AttemptEnd) => void {
      started(attempt);
      return (end) => ended(attempt, end);
    },
    skip(attempt, end): void {
      counted(attempt, end);
    },
  };
}
