import type { InFlight } from "./in-flight.ts";
import type { Outcome } from "./outcome.ts";
import { isPromise } from "../base/promise-like.ts";
import { validatedValue } from "../declare/schema-validation.ts";
import type { StandardResult } from "../declare/standard-schema.ts";
import type { ConsumedTopic } from "../declare/subscription.ts";

/** Gets the result of `readEvent`: one call, at once, or later when the schema is asynchronous. */
export interface EventReceiver {
  handle(item: InFlight, event: unknown): void;
  unreadable(item: InFlight, outcome: Outcome): void;
}

/** Decodes and validates the body of an item. Callbacks instead of a promise: this is the hot path. */
export function readEvent(topic: ConsumedTopic<unknown>, item: InFlight, receiver: EventReceiver): void {
  const { undecodable } = item.delivery;
  if (undecodable !== undefined)
    return receiver.unreadable(item, { kind: "reject", reason: "undecodable", error: undecodable });
  let value: unknown;
  try {
    value = topic.codec.decode(item.delivery.body);
  } catch (error) {
    return receiver.unreadable(item, { kind: "reject", reason: "undecodable", error });
  }
  if (topic.schema === undefined) return receiver.handle(item, value);
  let result: StandardResult<unknown> | Promise<StandardResult<unknown>>;
  try {
    result = topic.schema["~standard"].validate(value);
  } catch (error) {
    return receiver.unreadable(item, { kind: "reject", reason: "invalid", error });
  }
  if (!isPromise(result)) return receive(topic, item, result, receiver);
  result.then(
    (settled) => receive(topic, item, settled, receiver),
    (error: unknown) => receiver.unreadable(item, { kind: "reject", reason: "invalid", error }),
  );
  return undefined;
}

function receive(
  topic: ConsumedTopic<unknown>,
  item: InFlight,
  result: StandardResult<unknown>,
  receiver: EventReceiver,
): void {
  let event: unknown;
  try {
    event = validatedValue(`topic "${topic.name}": the event`, result);
  } catch (error) {
    return receiver.unreadable(item, { kind: "reject", reason: "invalid", error });
  }
  return receiver.handle(item, event);
}
