import { createHash, type Hash, randomBytes } from "node:crypto";
import type { Message } from "amqplib";

const CONTENT_ID = /^content-[\w-]{22}$/;
/** Control characters, and the character that amqplib puts in place of bytes that are not UTF-8. */
const UNUSABLE = /[\p{Cc}\u{FFFD}]/u;

/** The `message_id` of a message, if it has one that can be sent again. */
export function ownId({ properties }: Message): string | undefined {
  const id: unknown = properties.messageId;
  return typeof id === "string" && id !== "" && Buffer.byteLength(id) <= 255 && !UNUSABLE.test(id) ? id : undefined;
}

/**
 * RabbitMQ gives messages no id, so a message without a usable `message_id` gets one from its content: the same on every
 * delivery and every subscription. Identical messages share it.
 *
 * @param headers those that only the publisher can have written
 */
export function contentId({ content, properties }: Message, headers: readonly (readonly [string, unknown])[]): string {
  const { messageId, contentType, correlationId, timestamp, type, appId } = properties;
  const identity = [headers, messageId, contentType, correlationId, timestamp, type, appId];
  return hashId(createHash("sha256").update(jsonOf(identity)).update(content));
}

/** The id of a message of which only the body can be read. */
export function bodyId(body: Buffer): string {
  return hashId(createHash("sha256").update(body));
}

function hashId(hash: Hash): string {
  return `content-${hash.digest("base64url").slice(0, 22)}`;
}

/** A unique mark for a letter. Its id need not be unique, since publishers choose ids. */
export function newMark(): string {
  return randomBytes(9).toString("base64url");
}

/** The id of a message as a letter. Identical messages may share an id while they are delivered, but letters are put back and deleted one by one. */
export function letterId(id: string, mark: string): string {
  return CONTENT_ID.test(id) ? `${id}.${mark}` : id;
}

/** Of headers that are nested too deep for JSON, only the names count. */
function jsonOf(identity: readonly unknown[]): string {
  try {
    return JSON.stringify(identity);
  } catch {
    const [headers, ...rest] = identity as [readonly (readonly [string, unknown])[], ...unknown[]];
    return JSON.stringify([headers.map(([name]) => name), ...rest]);
  }
}

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The milliseconds that a UUIDv7 begins with; undefined for any other id. https://www.rfc-editor.org/rfc/rfc9562#section-5.7 (read 2026-11-22) */
export function uuidTimeMs(id: string): number | undefined {
  if (!UUID_V7.test(id)) return undefined;
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
