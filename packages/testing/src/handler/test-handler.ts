import { defineTopic, type Handler, type Subscription } from "@anytopic/core";
import { openTestPubSub } from "../open-test-pub-sub.ts";
import type { HandledEvent } from "../record/records.ts";

/** What the handler is told about the attempt. */
export interface HandlerSetting {
  /** From 1 to `maxRetries + 1` of the subscription's retry policy. @default 1 */
  readonly attempt?: number | undefined;
  /** @default "testHandler/<topic>/1" */
  readonly id?: string | undefined;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  readonly orderingKey?: string | undefined;
  /** When the event was published, and is handled. @default 2026-01-01T00:00:00Z */
  readonly now?: Date | undefined;
  /** For jitter, from 0 to 1. @default () => 0 */
  readonly random?: (() => number) | undefined;
}

/**
 * Runs a handler once, alone, in the real engine: the outcome is that of the subscription's retry policy. The handler gets `event` itself,
 * without codec and schema. Its context is a real one, whose time stands still.
 *
 * @throws TypeError when `attempt` is out of range, or when core refuses an id, a key or an attribute
 */
export async function testHandler<Event>(
  subscription: Subscription<Event>,
  handler: Handler<Event>,
  event: Event,
  setting: HandlerSetting = {},
): Promise<HandledEvent<Event>> {
  const { attempt = 1, id, attributes, orderingKey, now, random } = setting;
  const { maxRetries } = subscription.retryPolicy;
  if (!(Number.isInteger(attempt) && attempt >= 1 && attempt <= maxRetries + 1)) {
    throw new TypeError(
      `attempt is ${attempt}: must be a whole number from 1 to ${maxRetries + 1}, as maxRetries is ${maxRetries}`,
    );
  }
  const { topic } = subscription;
  const alone = defineTopic<Event>(topic.name, {
    codec: {
      name: topic.codec.name,
      encode: (value) => encoded(topic, value),
      decode: () => event,
    },
    deliveryGuarantee: topic.deliveryGuarantee,
    ...(orderingKey === undefined ? {} : { orderingKey: () => orderingKey }),
  });
  const declared: Subscription<Event> = Object.freeze({ ...subscription, topic: alone });
  await using kit = await openTestPubSub("testHandler", { now, random }, { attempt });
  await kit.pubsub.subscribe(declared, handler);
  await kit.pubsub.publish(alone, event, { id, attributes });
  const [ended] = await kit.deliver(declared, { most: 1 });
  if (ended === undefined) throw new Error("the handler has not run: this is a bug of @anytopic/testing");
  return ended;
}

/** The body, for `context.body`. Empty when the topic's codec does not take the event: it may be what a schema has made of it. */
function encoded(topic: object, event: unknown): Uint8Array {
  try {
    return (topic as { readonly codec: { encode(value: unknown): Uint8Array } }).codec.encode(event);
  } catch {
    return new Uint8Array();
  }
}
