import type { AnySubscription } from "../declare/subscription.ts";
import type { AttemptInfo } from "../observe/instrumentation.ts";
import type { InFlight } from "./in-flight.ts";

/** What instrumentations are told of an attempt. */
export function attemptInfo({ topic, name }: AnySubscription, adapter: string, item: InFlight): AttemptInfo {
  const { id, attempt, publishTime, orderingKey, attributes, body, batch } = item;
  return Object.freeze({
    topic: topic.name,
    subscription: name,
    adapter,
    id,
    attempt,
    publishTime,
    orderingKey,
    attributes,
    bodyBytes: body.byteLength,
    batch: batch?.info,
  });
}
