import { createHash } from "node:crypto";

import type { OutgoingMessage, StoredMessage } from "./message.ts";
import { PLAIN_ID } from "./message-id.ts";

/** The last millisecond of the year 9999. Later times have another ISO format, and after the year 275760 there is none. */
const MAX_TIME_MS = 253_402_300_799_999;

/** Whether `publish` accepts it as an id. A received one can then be published again, logged and stored unchanged. */
export function isPlainId(text: string): boolean {
  return PLAIN_ID.test(text);
}

/**
 * The id of a received message as handlers, logs and stores see it. A foreign publisher can choose any text of any length. An id that
 * `publish` does not accept is replaced by its hash, `sha256:` and 64 hexadecimal digits: the same on every attempt and subscription.
 */
export function boundedId(id: string): string {
  if (isPlainId(id)) return id;
  return `sha256:${createHash("sha256").update(id).digest("hex")}`;
}

/** A received time in Unix ms, limited to the years 1970 to 9999. 1970 when it is not a number. */
export function boundedTimeMs(timeMs: number): number {
  return timeMs >= 0 ? Math.min(timeMs, MAX_TIME_MS) : 0;
}

/** `boundedTimeMs` as a `Date`. */
export function dateOf(timeMs: number): Date {
  return new Date(boundedTimeMs(timeMs));
}

/** A received message as it can be sent again: with an id and a time that every broker accepts. */
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
