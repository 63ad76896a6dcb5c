import { createHash } from "node:crypto";
import type { StoredMessage } from "@anytopic/core/driver";
import type { Message } from "amqplib";
import { type DecodedLetter, type DecodedMessage, decodeLetter, decodeMessage } from "../codec.ts";
import { markUnreadable } from "../connection/guard-frames.ts";

/**
 * What any message says about itself. Never throws, since it is called from amqplib's read loop: of what the codec cannot
 * read the body is left, and `unreadable` tells. `nowMs` as for `decodeMessage`.
 */
export function readMessage(message: Message, nowMs: number): DecodedMessage {
  try {
    return decodeMessage(message, nowMs);
  } catch {
    return { ...bodyOnly(message, nowMs), attempt: 1, returns: 0, order: 0 };
  }
}

/** The same for a message of a dead-letter queue. */
export function readLetter(message: Message, nowMs: number): DecodedLetter {
  try {
    return decodeLetter(message, nowMs);
  } catch {
    return { ...bodyOnly(message, nowMs), isStored: false, mark: undefined };
  }
}

function bodyOnly(message: Message, nowMs: number): StoredMessage {
  markUnreadable(message.properties);
  return {
    id: `content-${createHash("sha256").update(message.content).digest("base64url").slice(0, 22)}`,
    body: message.content,
    attributes: Object.create(null) as Record<string, string>,
    orderingKey: undefined,
    publishTimeMs: nowMs,
    native: message,
  };
}
