import { createHash } from "node:crypto";
import type { Message } from "amqplib";
import { type DecodedMessage, decodeMessage } from "./codec.ts";
import { markUnreadable } from "./guard-frames.ts";

/**
 * What any message says about itself. Never throws, since it is called from amqplib's read loop: of what the codec cannot
 * read the body is left, and `unreadable` tells. `nowMs` as for `decodeMessage`.
 */
export function readMessage(message: Message, nowMs: number): DecodedMessage {
  try {
    return decodeMessage(message, nowMs);
  } catch {
    markUnreadable(message.properties);
    return {
      id: createHash("sha256").update(message.content).digest("base64url").slice(0, 22),
      body: message.content,
      attributes: Object.create(null) as Record<string, string>,
      orderingKey: undefined,
      publishTimeMs: nowMs,
      native: message,
      attempt: 1,
      returns: 0,
      order: 0,
    };
  }
}
