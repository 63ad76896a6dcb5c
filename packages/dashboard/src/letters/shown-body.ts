import { type AnyTopic, jsonCodec, textCodec, type Topic } from "@anytopic/core";
import type { BodyForm } from "../api/letters.ts";
import { compactJson, prettyJson } from "./json-text.ts";
import { beginningOf } from "./strict-text.ts";

/** So much of a body is shown. */
export const SHOWN_BYTES: number = 256 * 1024;
const SHOWN_HEX_BYTES = 64 * 1024;

export interface ShownLetterBody {
  readonly form: BodyForm;
  readonly body: string;
  readonly raw: string;
  readonly undecodable: string | null;
  readonly isCut: boolean;
}

/** A body for people, by the topic's codec: JSON with line breaks, text, or hexadecimal. */
export function shownLetterBody(topic: AnyTopic, bytes: Uint8Array): ShownLetterBody {
  const text = beginningOf(bytes, SHOWN_BYTES);
  const raw = text ?? hexOf(bytes);
  if (bytes.byteLength > (text === undefined ? SHOWN_HEX_BYTES : SHOWN_BYTES)) {
    return { form: text === undefined ? "hex" : "text", body: raw, raw, undecodable: null, isCut: true };
  }
  const { codec } = topic as Topic;
  let value: unknown;
  try {
    value = codec.decode(bytes);
  } catch (error) {
    return { ...asJsonOrText(text, raw), raw, undecodable: reasonOf(error), isCut: false };
  }
  const own = isOwn(codec) ? undefined : valueText(codec, value, bytes);
  if (own !== undefined) return { form: "value", body: own, raw, undecodable: null, isCut: false };
  return { ...asJsonOrText(text, raw), raw, undecodable: null, isCut: false };
}

/** The bytes of a text in a form. @throws Error when the text is not of this form */
export function bytesOf(
  topic: AnyTopic,
  { form, text }: { readonly form: BodyForm; readonly text: string },
): Uint8Array {
  if (form === "json") return Buffer.from(compactJson(text));
  if (form === "text") return textCodec.encode(text);
  if (form === "value") return (topic as Topic).codec.encode(JSON.parse(text));
  const digits = text.replace(/\s+/g, "");
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) {
    throw new TypeError("not hexadecimal: write two digits for each byte, such as 0a ff");
  }
  return Buffer.from(digits, "hex");
}

function asJsonOrText(text: string | undefined, raw: string): { readonly form: BodyForm; readonly body: string } {
  if (text === undefined) return { form: "hex", body: raw };
  try {
    JSON.parse(text);
    return { form: "json", body: prettyJson(text) };
  } catch {
    return { form: "text", body: text };
  }
}

function isOwn({ decode }: Pick<Topic["codec"], "decode">): boolean {
  return decode === jsonCodec.decode || decode === textCodec.decode;
}

/** What the application's own codec made of it, when JSON can carry that there and back. */
function valueText(codec: Topic["codec"], value: unknown, bytes: Uint8Array): string | undefined {
  if (value instanceof Uint8Array) return undefined;
  try {
    const text = JSON.stringify(value);
    // A codec may decompress.
    if (text.length > 4 * SHOWN_BYTES) return undefined;
    return Buffer.compare(codec.encode(JSON.parse(text)), bytes) === 0 ? prettyJson(text) : undefined;
  } catch {
    return undefined;
  }
}

/** Two digits for each byte, 16 bytes on a line. */
function hexOf(bytes: Uint8Array): string {
  const pairs = Buffer.from(bytes.subarray(0, SHOWN_HEX_BYTES)).toString("hex").match(/../g) ?? [];
  const lines: string[] = [];
  for (let start = 0; start < pairs.length; start += 16) lines.push(pairs.slice(start, start + 16).join(" "));
  return lines.join("\n");
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 300) : "the codec threw";
}
