import { DEAD_LETTER_ATTRIBUTE } from "@anytopic/core/driver";
import type { Message } from "amqplib";
import { ATTEMPT_HEADER, BROKERS_OWN, MARK_HEADER, type Sendable, UNREADABLE_HEADER } from "../codec.ts";
import { unreadable } from "../connection/guard-frames.ts";
import { type Headers, sendable } from "./header-table.ts";
import { isAlwaysDirect } from "./provenance.ts";
import { BODY_BYTES_HEADER, withHeaders } from "./spill.ts";

export interface Again {
  readonly id: string;
  readonly attempt: number;
  /** Its time to live in its wait queue, in ms. @default none */
  readonly delayMs?: number;
}

/** A received message to publish again, unchanged except for its attempt. */
export function encodeAgain(message: Message, { id, attempt, delayMs }: Again, maxHeaderBytes: number): Sendable {
  const { properties, content } = message;
  const received: Headers = properties.headers ?? {};
  const kept: Headers = {};
  for (const name of Object.keys(received)) {
    if (ONE_WAY.has(name) || BROKERS_OWN.test(name)) continue;
    if (name === BODY_BYTES_HEADER && !isAlwaysDirect(message, received)) continue;
    kept[name] = sendable(received[name]);
  }
  const always: Headers = { [ATTEMPT_HEADER]: attempt };
  if (unreadable(message) !== undefined) always[UNREADABLE_HEADER] = true;
  const { body, headers } = withHeaders(content, kept, maxHeaderBytes, always);
  const { priority, timestamp } = properties;
  return {
    body,
    properties: {
      ...shortTexts(properties),
      priority,
      timestamp: Number.isSafeInteger(timestamp) ? timestamp : undefined,
      messageId: id,
      deliveryMode: 2,
      mandatory: true,
      headers,
      ...(delayMs === undefined ? {} : { expiration: String(delayMs) }),
    },
  };
}

/**
 * The text properties that can be sent again. The broker refuses a `userId` that is not ours, and for the pseudo-queue of direct
 * replies it looks for a consumer of ours. An `expiration` was for the last delivery only. Text that was not UTF-8 has grown
 * when it was read, perhaps beyond 255 bytes.
 */
function shortTexts(properties: Message["properties"]): Partial<Record<(typeof TEXTS)[number], string>> {
  const texts: Partial<Record<(typeof TEXTS)[number], string>> = {};
  for (const name of TEXTS) {
    const value: unknown = properties[name];
    if (typeof value !== "string" || Buffer.byteLength(value) > 255 || value === "amq.rabbitmq.reply-to") continue;
    texts[name] = value;
  }
  return texts;
}

const TEXTS = ["contentType", "contentEncoding", "correlationId", "replyTo", "type", "appId"] as const;

/** Headers that are not sent again: they route a message, tell about its last delivery, or could be forged by others. */
const ONE_WAY: ReadonlySet<string> = new Set([
  ATTEMPT_HEADER,
  "CC",
  "BCC",
  DEAD_LETTER_ATTRIBUTE,
  MARK_HEADER,
  UNREADABLE_HEADER,
]);
