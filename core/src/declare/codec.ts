/**
 * Turns events into bytes and back. `decode` must throw when it cannot read the bytes: the message is then dead-lettered. `encode`
 * must return bytes that nobody else uses; `decode` must not change or keep its bytes.
 *
 * @template Value the type of the events: `unknown` for JSON, `Uint8Array` for bytes
 */
export interface Codec<Value = unknown> {
  /** For error messages. */
  readonly name: string;
  encode(value: Value): Uint8Array;
  decode(body: Uint8Array): Value;
}

/** Marks the function that encodes as JSON, and not the codec: a codec that copies the other members of `jsonCodec` is another one. */
const ENCODES_JSON = Symbol.for("anytopic.encodes-json");

/** What `jsonCodec` encodes, as text. @throws TypeError when JSON has no such value */
export function jsonText(value: unknown): string {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`JSON cannot represent a ${typeof value}`);
  return text;
}

function encodeJson(value: unknown): Uint8Array {
  return Buffer.from(jsonText(value));
}
Object.defineProperty(encodeJson, ENCODES_JSON, { value: true });

/**
 * JSON in UTF-8, the default. It refuses bigints, and `undefined` and functions at the top level. A topic that uses it refuses every
 * event that has a part which JSON would change.
 */
export const jsonCodec: Codec = Object.freeze({
  name: "json",
  encode: encodeJson,
  decode: (body: Uint8Array): unknown => JSON.parse(text(body)),
});

/** A string in UTF-8. `encode` refuses lone surrogates, `decode` refuses malformed UTF-8. */
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
 * The bytes themselves. `encode` copies them, so that the caller may change its own afterwards. `decode` does not copy: a handler
 * must not change the bytes.
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

/** Whether a codec encodes with `jsonCodec`, also that of another copy of this package. */
export function isJsonCodec(codec: Pick<Codec<never>, "encode">): boolean {
  const { encode } = codec;
  if (encode === encodeJson) return true;
  // To look for the mark costs more than to copy a kilobyte.
  return encode !== bytesCodec.encode && encode !== textCodec.encode && ENCODES_JSON in encode;
}

/** Whether it is one of these three codecs, which can decode everything that they have encoded. */
export function isBuiltIn(codec: object): boolean {
  return codec === jsonCodec || codec === textCodec || codec === bytesCodec;
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Does not copy. On short text, Buffer's own decoder is several times faster than TextDecoder, most of all without an encoding argument. */
function text(body: Uint8Array): string {
  // To make a view takes half as long as to read the text, and most bodies need none.
  if (Buffer.isBuffer(body)) return body.toString();
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
}
