import { kindOf } from "../base/shown.ts";
import { rejectUnknownKeys } from "../options/option-checks.ts";
import type { RelayMessage } from "./relay-message.ts";
import type { PublishResult } from "./publish-options.ts";
import type { AnyTopic } from "../declare/topic.ts";
import { requireKind } from "../declare/wrong-argument.ts";

type PublishesEncoded = (
  topic: AnyTopic,
  messages: readonly RelayMessage[],
  signal: AbortSignal | undefined,
) => Promise<readonly PublishResult[]>;

/** Of the global registry: a program may contain several copies of this package. */
const PUBLISH_ENCODED: unique symbol = Symbol.for("anytopic.publish-encoded") as never;

/** Makes `publishEncoded` work for a `PubSub`. The method is not printed, and is no part of its interface. */
export function offerPublishEncoded(pubsub: object, publish: PublishesEncoded): void {
  Object.defineProperty(pubsub, PUBLISH_ENCODED, { value: publish });
}

/**
 * Publishes messages that were encoded before, such as rows of an outbox, with their own ids, keys, attributes and publish times.
 * Resolves with one result per message, in their order, as `PubSub.publishBatch` does. The same is done for them as for new messages:
 * limits, the publish window, batches, the pause of a key after a failure, mirrors and instrumentations. The timeout of a publish
 * begins with this call. A message that was stored in a wrong form fails with `INVALID_MESSAGE`; schema and codec are not asked again.
 *
 * With `publish.idSecret` the ids must have been signed with it. Messages of one key are sent in the order of `messages`. Calls may be
 * concurrent, and each is in the order of the calls.
 *
 * @param pubsub the result of `connect`
 * @param options `signal`: when it aborts, messages that were not sent fail with the abort reason
 * @throws TypeError when an argument is wrong
 * @throws PubSubError when the topic cannot be opened, for example `UNAVAILABLE` or `NOT_FOUND`
 */
export async function publishEncoded(
  pubsub: object,
  topic: AnyTopic,
  messages: readonly RelayMessage[],
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<readonly PublishResult[]> {
  const publish = (pubsub as { readonly [PUBLISH_ENCODED]?: PublishesEncoded } | null | undefined)?.[PUBLISH_ENCODED];
  if (publish === undefined) throw new TypeError(`pubsub is ${kindOf(pubsub)}: must be the result of connect`);
  requireKind("topic", topic);
  if (!Array.isArray(messages)) throw new TypeError(`messages are ${kindOf(messages)}: must be an array`);
  rejectUnknownKeys("publishEncoded", options, ["signal"]);
  return await publish(topic, messages, options.signal);
}
