import { DEAD_LETTER_ATTRIBUTE, percentEncode, type Attributes, type OutgoingMessage } from "@anytopic/core/driver";
import { encodeHeaders, INCOMPLETE_ATTRIBUTE, type Envelope } from "../codec.ts";
import { MAX_HEADER_BYTES } from "../limits.ts";

/** Headers that the server can store together with the body. */
export interface FittedHeaders {
  /** Undefined when the body leaves no room for any. */
  readonly block: string | undefined;
  /** Which part was left out, in words; undefined when everything fits. */
  readonly leftOut: string | undefined;
}

/** An upper bound for the headers `anytopic-incomplete` and `anytopic-encoded`. */
const MARKER_BYTES = 160;
const ANY_CONTROL = /[^ -~]/gu;

/**
 * The headers of a letter, or of a redriven message. A published message may fill the server's limits to the last byte,
 * so that there is no room for what a letter adds. Then the letter has the body always, next id, key and the record of the
 * failure, and then as many attributes as fit.
 */
export function fitHeaders(message: OutgoingMessage, envelope: Envelope, maxPayloadBytes: number): FittedHeaders {
  const room = Math.min(MAX_HEADER_BYTES, maxPayloadBytes - message.body.length);
  const whole = encodeHeaders(message, envelope);
  if (Buffer.byteLength(whole) <= room) return { block: whole, leftOut: undefined };
  const bare = { ...message, attributes: NONE };
  const attributes = fittingAttributes(message.attributes, room - bytesOf(bare, envelope) - MARKER_BYTES);
  const left = Object.keys(message.attributes).length - Object.keys(attributes).length;
  const marked = { ...attributes, [INCOMPLETE_ATTRIBUTE]: `${left} attributes did not fit` };
  for (const [smaller, leftOut] of [
    [{ ...message, attributes: marked }, `${left} attributes`],
    [bare, "all attributes and the record"],
    [{ ...bare, orderingKey: undefined }, "all attributes, the record and the ordering key"],
  ] as const) {
    const block = encodeHeaders(smaller, envelope);
    if (Buffer.byteLength(block) <= room) return { block, leftOut };
  }
  return { block: undefined, leftOut: "everything but the body" };
}

const NONE: Attributes = Object.freeze(Object.create(null) as Record<string, string>);

function bytesOf(message: OutgoingMessage, envelope: Envelope): number {
  return Buffer.byteLength(encodeHeaders(message, envelope));
}

/** The record first, then the other attributes in their order. */
function fittingAttributes(attributes: Attributes, room: number): Attributes {
  const fitting = Object.create(null) as Record<string, string>;
  let left = room;
  const names = Object.keys(attributes).filter((name) => name !== DEAD_LETTER_ATTRIBUTE);
  if (DEAD_LETTER_ATTRIBUTE in attributes) names.unshift(DEAD_LETTER_ATTRIBUTE);
  for (const name of names) {
    const value = attributes[name] ?? "";
    // An upper bound: not everything needs to be encoded.
    const bytes = percentEncode(name, ANY_CONTROL).length + percentEncode(value, ANY_CONTROL).length + ": \r\n".length;
    if (bytes > left) continue;
    left -= bytes;
    fitting[name] = value;
  }
  return fitting;
}
