import { kindOf, shown } from "../base/shown.ts";
import { PubSubError } from "../base/errors.ts";
import { copiedAttributes, NO_ATTRIBUTES } from "../contract/checked-attributes.ts";
import { expiresMsOf, withExpiry, withoutExpiry } from "../contract/expiry.ts";
import { requireId } from "../contract/message-id.ts";
import type { Attributes, OutgoingMessage } from "../contract/message.ts";
import { PendingPublish } from "./pending-publish.ts";
import type { ReadEntry } from "./publish-batch.ts";
import type { PublishReader } from "./read-publish.ts";
import type { AnyTopic } from "../declare/topic.ts";

/** A message that was encoded at the call of its publisher, and is published later. Plain data: it can be stored and read again. */
export interface RelayMessage extends OutgoingMessage {
  /** The topic's name. */
  readonly topic: string;
}

/** The last millisecond of the year 9999. */
const MAX_TIME_MS = 253_402_300_799_999;

/** Reads all messages, before the first `await`. What was stored may have been changed by others: everything is checked again. */
export function readEncoded(
  topic: AnyTopic,
  messages: readonly RelayMessage[],
  signal: AbortSignal | undefined,
  reader: PublishReader,
): readonly ReadEntry[] {
  const relayedMs = reader.clock.now();
  return messages.map((message): ReadEntry => {
    try {
      const pending = checkedMessage(topic, message, reader);
      pending.relayedMs = relayedMs;
      if (signal !== undefined) pending.signal = signal;
      return { message: pending };
    } catch (error) {
      return { message: undefined, error: notPublishable(topic, error) };
    }
  });
}

function checkedMessage(topic: AnyTopic, message: RelayMessage, { signer }: PublishReader): PendingPublish {
  const { body, orderingKey, publishTimeMs } = message;
  if (message.topic !== topic.name) throw new TypeError(`its topic is ${shown(message.topic)}`);
  const id = requireId(message.id);
  if (signer?.isSigned(topic.name, id) === false) {
    throw new TypeError(
      "its id is not signed with publish.idSecret of this connection: encode it with the same secret",
    );
  }
  if (!(body instanceof Uint8Array)) throw new TypeError(`its body is ${kindOf(body)}: must be bytes`);
  const attributes = checkedAttributes(message.attributes);
  if (orderingKey !== undefined) requireOrdered(topic, orderingKey);
  if (!(publishTimeMs >= 0 && publishTimeMs <= MAX_TIME_MS)) {
    throw new TypeError(`its publish time is ${shown(publishTimeMs)}: must be Unix ms of the years 1970 to 9999`);
  }
  return new PendingPublish(id, body, attributes, orderingKey, publishTimeMs);
}

/** As those of a publish, with the time of expiry, which is the only reserved one. */
function checkedAttributes(stored: Attributes | undefined): Attributes {
  if (stored === undefined) return NO_ATTRIBUTES;
  const expiresMs = expiresMsOf(stored);
  const own = copiedAttributes(undefined, withoutExpiry(stored));
  return expiresMs === undefined ? own : withExpiry(own, expiresMs);
}

function requireOrdered(topic: AnyTopic, key: unknown): void {
  if (typeof key !== "string" || key === "" || !key.isWellFormed()) {
    throw new TypeError("its ordering key is not well-formed text, or empty");
  }
  if (topic.orderingKey === undefined) {
    throw new TypeError(
      "it has an ordering key, and the topic declares none: declare orderingKey, so that the order is kept",
    );
  }
}

function notPublishable(topic: AnyTopic, error: unknown): PubSubError {
  const reason = error instanceof Error ? error.message : kindOf(error);
  return new PubSubError(
    "INVALID_MESSAGE",
    `topic "${topic.name}": the stored message cannot be published: ${reason}`,
    {
      cause: error,
    },
  );
}
