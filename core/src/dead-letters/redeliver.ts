import { kindOf, shown } from "../base/shown.ts";
import { PubSubError } from "../base/errors.ts";
import type { Capabilities } from "../contract/capabilities.ts";
import { checkAttributeLimits, isAllowedAttribute } from "../contract/checked-attributes.ts";
import type { Attributes, OutgoingMessage } from "../contract/message.ts";
import { requireId } from "../contract/message-id.ts";
import { boundedTimeMs } from "../contract/received.ts";
import { rejectUnknownKeys } from "../options/option-checks.ts";
import type { RelayMessage } from "../publish/relay-message.ts";
import { type AnySubscription, subscriptionPath } from "../declare/subscription.ts";
import { requireKind } from "../declare/wrong-argument.ts";

type Redelivers = (
  subscription: AnySubscription,
  message: RelayMessage,
  signal: AbortSignal | undefined,
) => Promise<void>;

/** Of the global registry: a program may contain several copies of this package. */
const REDELIVER: unique symbol = Symbol.for("anytopic.redeliver") as never;

/** Makes `redeliver` work for a `PubSub`. The method is not printed, and is no part of its interface. */
export function offerRedeliver(pubsub: object, redelivers: Redelivers): void {
  Object.defineProperty(pubsub, REDELIVER, { value: redelivers });
}

/**
 * Sends a message that was kept, such as one of an archive, to one subscription alone: with its id, key, attributes and publish time,
 * with attempt 1 and without an expiry, as `DeadLetterQueue.redrive` does. Resolves when the broker has stored it. Instrumentations
 * see a redrive. Schema and codec are not asked, and the id need not be signed. Reserved attributes are left out.
 *
 * Of one key, the order is that of calls that wait for each other. A subscription on several connections gets it on the first one.
 *
 * @param pubsub the result of `connect`
 * @param options `signal`: when it aborts, the call rejects with the abort reason; the message may have been sent
 * @throws TypeError when an argument is wrong
 * @throws PubSubError `INVALID_MESSAGE` when the message was stored in a wrong form, `LIMIT_EXCEEDED` when its attributes are beyond this
 *   adapter's limits, `UNAVAILABLE`, `NOT_FOUND`, …
 */
export async function redeliver(
  pubsub: object,
  subscription: AnySubscription,
  message: RelayMessage,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const redelivers = (pubsub as { readonly [REDELIVER]?: Redelivers } | null | undefined)?.[REDELIVER];
  if (redelivers === undefined) throw new TypeError(`pubsub is ${kindOf(pubsub)}: must be the result of connect`);
  requireKind("subscription", subscription);
  if (typeof message !== "object" || message === null) throw new TypeError(`message is ${kindOf(message)}`);
  rejectUnknownKeys("redeliver", options, ["signal"]);
  await redelivers(subscription, message, options.signal);
}

/** The message as a driver takes it. What was stored may have been changed by others: everything is checked. */
export function redeliverable(
  subscription: AnySubscription,
  message: RelayMessage,
  capabilities: Capabilities,
): OutgoingMessage {
  const { topic } = subscription;
  const { body, orderingKey, publishTimeMs } = message;
  try {
    if (message.topic !== topic.name) throw new TypeError(`its topic is ${shown(message.topic)}`);
    if (!(body instanceof Uint8Array)) throw new TypeError(`its body is ${kindOf(body)}: must be bytes`);
    if (orderingKey !== undefined && (typeof orderingKey !== "string" || orderingKey === "")) {
      throw new TypeError("its ordering key is no text, or empty");
    }
    const attributes = publicAttributes(message.attributes);
    checkAttributeLimits(attributes, capabilities);
    return { id: requireId(message.id), body, attributes, orderingKey, publishTimeMs: boundedTimeMs(publishTimeMs) };
  } catch (error) {
    if (error instanceof PubSubError) throw error;
    const reason = error instanceof Error ? error.message : kindOf(error);
    const path = subscriptionPath(subscription);
    throw new PubSubError("INVALID_MESSAGE", `the stored message cannot be sent to "${path}": ${reason}`, {
      cause: error,
    });
  }
}

/** Foreign publishers may have written keys that no adapter here can send: a key that is reserved, or text that is not well-formed. */
function publicAttributes(stored: Attributes | undefined): Attributes {
  if (stored !== undefined && (typeof stored !== "object" || stored === null)) {
    throw new TypeError(`its attributes are ${kindOf(stored)}: must be an object with string values`);
  }
  const copy = Object.create(null) as Record<string, string>;
  for (const [key, value] of Object.entries(stored ?? {})) if (isAllowedAttribute(key, value)) copy[key] = value;
  return Object.freeze(copy);
}
