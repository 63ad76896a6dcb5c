import { type Attributes, type OutgoingMessage, PubSubError } from "@anytopic/core/driver";
import { HEADER_ROOM_BYTES, MAX_HEADER_BYTES } from "../limits.ts";

/** Room for method, property flags, id, timestamps, names of our headers. */
const FIXED_BYTES = 100;
/** Type and length of a name and a value in a header table. */
const ENTRY_BYTES = 6;

/** The size of body, attributes, key and our own metadata, in bytes. */
export function sizeOf(message: OutgoingMessage): number {
  let bytes = message.body.byteLength + FIXED_BYTES + message.id.length;
  if (message.orderingKey !== undefined) bytes += Buffer.byteLength(message.orderingKey) + 40;
  return bytes + attributeBytes(message.attributes);
}

function attributeBytes(attributes: Attributes): number {
  let bytes = 0;
  for (const key in attributes) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(attributes[key] ?? "") + ENTRY_BYTES;
  }
  return bytes;
}

/** `LIMIT_EXCEEDED` if all attributes together do not fit into a header table. The capabilities limit only each one. */
export function headerRefusal(attributes: Attributes): PubSubError | undefined {
  const bytes = attributeBytes(attributes);
  const most = MAX_HEADER_BYTES - HEADER_ROOM_BYTES;
  if (bytes <= most) return undefined;
  return new PubSubError(
    "LIMIT_EXCEEDED",
    `attributes are ${bytes} bytes together: RabbitMQ carries at most ${most} bytes; put large values into the body`,
  );
}
