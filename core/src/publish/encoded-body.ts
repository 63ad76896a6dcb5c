/** A body as its codec has made it: text, whose UTF-8 is the body, or bytes. */
export type EncodedBody = string | Uint8Array;

/** Longer text is given as bytes: to copy it more than once costs more than to make bytes of it. */
const MOST_TEXT_CHARACTERS = 4096;
/** UTF-8 needs at most three bytes for each of them. */
const scratch = Buffer.allocUnsafeSlow(3 * MOST_TEXT_CHARACTERS);

/** The same text when it is short and ASCII, else its bytes. */
export function asciiOrBytes(text: string): EncodedBody {
  if (text.length > MOST_TEXT_CHARACTERS) return Buffer.from(text);
  // To write it is the cheapest way to count its bytes: a third of `Buffer.byteLength`.
  const bytes = scratch.write(text);
  return bytes === text.length ? text : Buffer.from(scratch.subarray(0, bytes));
}

export function bytesOf(body: EncodedBody): Uint8Array {
  return typeof body === "string" ? Buffer.from(body) : body;
}
