import { createHash, randomUUID } from "node:crypto";
import type { OutgoingMessage } from "@anytopic/core/driver";

/** Printable ASCII without the space: what AWS takes as a message group id and as a deduplication id. */
const LEGAL = /^[\u0021-\u007E]{1,128}$/;

/**
 * The message group: the ordering key itself where AWS can carry it, else a hash of it. A message without a key gets a
 * group of its own, so that it waits for nobody.
 */
export function messageGroupId(message: OutgoingMessage): string {
  const key = message.orderingKey;
  if (key === undefined) return legalOrHash(message.id);
  return legalOrHash(key);
}

/** The same for every publish of one id. */
export function deduplicationId(message: OutgoingMessage): string {
  return legalOrHash(message.id);
}

/** For a copy that must get past the deduplication window. */
export function freshDeduplicationId(): string {
  return `anytopic-${randomUUID()}`;
}

/** The text where AWS can carry it, else a hash of it. */
export function legalOrHash(text: string): string {
  return LEGAL.test(text) ? text : `anytopic-${createHash("sha256").update(text).digest("hex")}`;
}
