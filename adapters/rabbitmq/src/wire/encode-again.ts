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
  /** Its time to live in the queue where it waits, in ms. @default none */
  readonly delayMs?: number;
}

/** A received message to publish again, as it is but for the attempt it will be. */
export function encodeAgain(message: Message, { id, attempt, delayMs }: Again, maxHeaderBytes: number): Sendable {
  const { properties, content } = message;
  const received: Headers = properties.headers ?? {};
  const kept: Headers = {};
  for (const name of Object.keys(received)) {
    if (isForOneWay(name) || (name === BODY_BYTES_HEADER && !isAlwaysDirect(message, received))) continue;
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
 * The texts among the properties that may go on. The broker refuses a `userId` that is not ours, and looks for a consumer of
 * ours behind the pseudo-queue for direct replies; an `expiration` was for the way that the message has behind it; and
 * text that was no UTF-8 has grown when it was read, perhaps beyond what it may have.
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

/** Not for the next way of a message: what routes it, what was counted or written about the last way, and what others may not say. */
function isForOneWay(name: string): boolean {
  return (
    name === ATTEMPT_HEADER ||
    name === "CC" ||
    name === "BCC" ||
    name === DEAD_LETTER_ATTRIBUTE ||
    name === MARK_HEADER ||
    name === UNREADABLE_HEADER ||
    BROKERS_OWN.test(name)
  );
}
