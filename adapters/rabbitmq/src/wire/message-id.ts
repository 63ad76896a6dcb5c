import { createHash, randomBytes } from "node:crypto";
import type { Message } from "amqplib";

const CONTENT_ID = /^content-[\w-]{22}$/;
/** Control characters, and what amqplib makes of bytes that are no UTF-8. */
const UNUSABLE = /[\p{Cc}\u{FFFD}]/u;

/** The `message_id` of a message, where there is one that can be sent again and told from others. */
export function ownId({ properties }: Message): string | undefined {
  const id: unknown = properties.messageId;
  return typeof id === "string" && id !== "" && Buffer.byteLength(id) <= 255 && !UNUSABLE.test(id) ? id : undefined;
}

/**
 * RabbitMQ gives messages no id of its own, so one without a usable `message_id` is known by its contents: the same on
 * every delivery and every subscription, and shared by messages that do not differ in anything.
 *
 * @param headers those that nobody but the publisher can have written
 */
export function contentId({ content, properties }: Message, headers: readonly (readonly [string, unknown])[]): string {
  const { messageId, contentType, correlationId, timestamp, type, appId } = properties;
  const identity = [headers, messageId, contentType, correlationId, timestamp, type, appId];
  const hash = createHash("sha256").update(jsonOf(identity)).update(content);
  return `content-${hash.digest("base64url").slice(0, 22)}`;
}

/** What tells a letter from all others: ids are what publishers chose. */
export function newMark(): string {
  return randomBytes(9).toString("base64url");
}

/**
 * The id of a message once it is a letter: messages that do not differ in anything share an id while they are delivered, and
 * must not once they are letters, which are looked at, put back and deleted one by one.
 */
export function letterId(id: string, mark: string): string {
  return CONTENT_ID.test(id) ? `${id}.${mark}` : id;
}

/** A table that is nested too deeply for JSON counts by its names. */
function jsonOf(identity: readonly unknown[]): string {
  try {
    return JSON.stringify(identity);
  } catch {
    const [headers, ...rest] = identity as [readonly (readonly [string, unknown])[], ...unknown[]];
    return JSON.stringify([headers.map(([name]) => name), ...rest]);
  }
}
