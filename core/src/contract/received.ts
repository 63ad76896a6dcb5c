import { createHash } from "node:crypto";

import type { OutgoingMessage, StoredMessage } from "./message.ts";
import { PLAIN_ID } from "./message-id.ts";

/** The last millisecond of the year 9999. Later ones have another ISO form, and after the year 275760 there is none. */
const MAX_TIME_MS = 253_402_300_799_999;

/** Whether `publish` takes it as an id: so a received one can be published again, logged and kept as it is. */
export function isPlainId(text: string): boolean {
  return PLAIN_ID.test(text);
}

/**
 * The id of a received message as everybody sees it. Anybody who may publish chooses it, in any length and of any
 * characters: one that `publish` would not take is replaced by a hash of itself, `sha256:` and 64 hexadecimal digits, the same
 * on every attempt and every subscription.
 */
export function boundedId(id: string): string {
  if (isPlainId(id)) return id;
  return `sha256:${createHash("sha256").update(id).digest("hex")}`;
}

/** A time in Unix ms that others may have written: clamped to the years 1970 to 9999, and 1970 when it is no number. */
export function boundedTimeMs(timeMs: number): number {
  return timeMs >= 0 ? Math.min(timeMs, MAX_TIME_MS) : 0;
}

/** The same as a `Date`. */
export function dateOf(timeMs: number): Date {
  return new Date(boundedTimeMs(timeMs));
}

/** A received message as it may be sent once more: with an id and a time that every broker takes. */
export function resendable(stored: StoredMessage): OutgoingMessage {
  const { body, attributes, orderingKey } = stored;
  return {
    id: boundedId(stored.id),
    body,
    attributes,
    orderingKey,
    publishTimeMs: boundedTimeMs(stored.publishTimeMs),
  };
}
