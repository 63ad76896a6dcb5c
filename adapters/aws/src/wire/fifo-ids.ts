import { createHash, randomUUID } from "node:crypto";
import type { OutgoingMessage } from "@anytopic/core/driver";

/** Printable ASCII without the space: AWS allows this in a message group id and in a deduplication id. */
const LEGAL = /^[\u0021-\u007E]{1,128}$/;

/**
 * The message group: the ordering key itself where AWS allows it, else a hash of it. A message without a key gets its
 * own group, so that it waits for no other message.
 */
export function messageGroupId(message: OutgoingMessage): string {
  return legalOrHash(message.orderingKey ?? message.id);
}

/** The same for every publish of one id. */
export function deduplicationId(message: OutgoingMessage): string {
  return legalOrHash(message.id);
}

/** For a copy that AWS must not drop as a duplicate. */
export function freshDeduplicationId(): string {
  return `anytopic-${randomUUID()}`;
}

/** The text itself where AWS allows it, else a hash of it. */
export function legalOrHash(text: string): string {
  return LEGAL.test(text) ? text : `anytopic-${createHash("sha256").update(text).digest("hex")}`;
}
