/**
 * Turns events into bytes and back. `decode` must throw on bytes it cannot read: the message then goes to the
 * dead-letter queue. `encode` must return bytes that nobody else has; `decode` must not change or keep them.
 *
 * @template Value what the codec handles: `unknown` for JSON, `Uint8Array` for bytes
 */
export interface Codec<Value = unknown> {
  /** For diagnostics and dead-letter records. */
  readonly name: string;
  encode(value: Value): Uint8Array;
  decode(body: Uint8Array): Value;
}

/** On the function that encodes as JSON, so that a codec which borrows the rest of this one is not taken for it. */
const ENCODES_JSON = Symbol.for("anytopic.encodes-json");

function encodeJson(value: unknown): Uint8Array {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`JSON cannot represent a ${typeof value}`);
  return Buffer.from(text);
}
Object.defineProperty(encodeJson, ENCODES_JSON, { value: true });

/**
 * JSON in UTF-8, the default. By itself it refuses what JSON cannot say at the top level (`undefined`, functions) and
 * bigints; a topic that uses it refuses every event with a part that would arrive as something else.
 */
export const jsonCodec: Codec = Object.freeze({
  name: "json",
  encode: encodeJson,
  decode: (body: Uint8Array): unknown => JSON.parse(text(body)),
});

/** A string in UTF-8. Refuses lone surrogates when writing and malformed UTF-8 when reading. */
export const textCodec: Codec<string> = Object.freeze({
  name: "text",
  encode(value: string): Uint8Array {
    if (typeof value !== "string") throw new TypeError(`the text codec takes a string, not ${typeof value}`);
    if (!value.isWellFormed()) throw new TypeError("the text has a lone surrogate, which UTF-8 cannot represent");
    return Buffer.from(value);
  },
  decode: (body: Uint8Array): string => strictUtf8.decode(body),
});

/**
 * The bytes themselves. Copied when written, so that what the caller does with them afterwards reaches nobody; not
 * copied when read, so a handler must not change them.
 */
export const bytesCodec: Codec<Uint8Array> = Object.freeze({
  name: "bytes",
  encode(value: Uint8Array): Uint8Array {
    if (!(value instanceof Uint8Array)) throw new TypeError(`the bytes codec takes a Uint8Array, not ${typeof value}`);
    const copy = Buffer.allocUnsafe(value.byteLength);
    copy.set(value);
    return copy;
  },
  decode: (body: Uint8Array): Uint8Array => body,
});

/** Whether a codec encodes as `jsonCodec` does, also that of another copy of this package. */
export function isJsonCodec(codec: Pick<Codec<never>, "encode">): boolean {
  const { encode } = codec;
  if (encode === encodeJson) return true;
  // Looking for a mark costs more than copying a kilobyte.
  return encode !== bytesCodec.encode && encode !== textCodec.encode && ENCODES_JSON in encode;
}

/** Whether it is one of these three, which decode whatever they have encoded. */
export function isBuiltIn(codec: object): boolean {
  return codec === jsonCodec || codec === textCodec || codec === bytesCodec;
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Never a copy; Buffer's own decoder is several times faster than TextDecoder on short text, most of all unasked for an encoding. */
function text(body: Uint8Array): string {
  // Making a view takes half as long as reading the text, and most bodies need none.
  if (Buffer.isBuffer(body)) return body.toString();
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
}
