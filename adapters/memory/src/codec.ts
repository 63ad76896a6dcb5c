import type { Attributes, OutgoingMessage } from "@anytopic/core/driver";

/** One message as the broker keeps it: once per topic, shared by its subscriptions. Also what `native` gives. */
export interface MemoryMessage {
  readonly id: string;
  /** Nobody else's: codecs give bytes of their own. */
  readonly body: Uint8Array;
  readonly attributes: Attributes;
  readonly orderingKey: string | undefined;
  /** Unix ms. */
  readonly publishTimeMs: number;
}

/** Bytes of a message as every limit of this adapter counts them: body, id, key, attribute keys and values in UTF-8. */
export function sizeOf(message: OutgoingMessage): number {
  let bytes = message.body.byteLength + message.id.length;
  if (message.orderingKey !== undefined) bytes += Buffer.byteLength(message.orderingKey);
  const { attributes } = message;
  for (const key in attributes) bytes += Buffer.byteLength(key) + Buffer.byteLength(attributes[key] ?? "");
  return bytes;
}

/** A copy in memory of its own. */
export function ownBody(body: Uint8Array): Uint8Array {
  const copy = Buffer.allocUnsafeSlow(body.byteLength);
  copy.set(body);
  return copy;
}
