import type { Attributes, OutgoingMessage } from "@anytopic/core/driver";

/** A message as the broker keeps it: once per topic, shared by its subscriptions. Also what `context.native` is. */
export interface MemoryMessage {
  readonly id: string;
  /** Shared with nobody outside the broker: every codec returns bytes of its own. */
  readonly body: Uint8Array;
  readonly attributes: Attributes;
  readonly orderingKey: string | undefined;
  /** Unix ms. */
  readonly publishTimeMs: number;
}

/** Bytes of a message as every limit of this adapter counts them: body, id, key, attribute keys and values, in UTF-8. */
export function sizeOf(message: OutgoingMessage): number {
  let bytes = message.body.byteLength + message.id.length;
  if (message.orderingKey !== undefined) bytes += Buffer.byteLength(message.orderingKey);
  const { attributes } = message;
  for (const key in attributes) bytes += Buffer.byteLength(key) + Buffer.byteLength(attributes[key] ?? "");
  return bytes;
}
