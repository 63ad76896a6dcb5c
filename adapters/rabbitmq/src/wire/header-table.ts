import { headerText } from "./header-text.ts";

export type Headers = Record<string, unknown>;

/** Type and length of a name and a value. */
const ENTRY_BYTES = 6;
/** A header's name is a short string. AMQP 0-9-1 §4.2.5.3. */
export const MAX_HEADER_NAME_BYTES = 255;
/** Tables that are nested deeper than this become text. */
const MAX_DEPTH = 16;
/** From here on amqplib encodes a number as an integer of 64 bits, even if it is none. */
const FIRST_UNCERTAIN = 2 ** 50;

/** The size of a table when it is sent, or a little more, in bytes; `Infinity` if a name in it is too long. */
export function tableBytes(table: Headers): number {
  let bytes = 4;
  for (const name of Object.keys(table)) {
    const nameBytes = Buffer.byteLength(name);
    if (nameBytes > MAX_HEADER_NAME_BYTES) return Infinity;
    bytes += nameBytes + ENTRY_BYTES + valueBytes(table[name]);
  }
  return bytes;
}

function valueBytes(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (typeof value !== "object" || value === null) return 8;
  if (Buffer.isBuffer(value)) return value.byteLength;
  if (Array.isArray(value)) return value.reduce((sum: number, entry) => sum + ENTRY_BYTES + valueBytes(entry), 4);
  return Object.hasOwn(value, "!") ? 8 : tableBytes(value as Headers);
}

/**
 * A received header's value in a form that amqplib can send again. It reads more than it can write: `NaN`, tables with an entry
 * named `!`, names that were not UTF-8 and have grown. Such a value becomes the text that a handler sees.
 */
export function sendable(value: unknown): unknown {
  if (typeof value === "number" && Number.isFinite(value) && !isSendable(value, 0)) return { "!": "double", value };
  return isSendable(value, 0) ? value : headerText(value);
}

function isSendable(value: unknown, depth: number): boolean {
  if (typeof value === "number") return Math.abs(value) < FIRST_UNCERTAIN || Number.isSafeInteger(value);
  if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) return true;
  if (depth === MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((entry) => isSendable(entry, depth + 1));
  if (Object.hasOwn(value, "!")) return isSendableTyped(value as { "!": unknown; value?: unknown });
  return (
    Object.getPrototypeOf(value) === Object.prototype &&
    Object.keys(value).every(
      (name) => Buffer.byteLength(name) <= MAX_HEADER_NAME_BYTES && isSendable((value as Headers)[name], depth + 1),
    )
  );
}

/** amqplib's notation for types that JavaScript does not have. Anybody can send a table that looks like it. */
function isSendableTyped({ "!": type, value }: { "!": unknown; value?: unknown }): boolean {
  if (type === "timestamp") return Number.isSafeInteger(value) && (value as number) >= 0;
  if (type !== "decimal" || typeof value !== "object" || value === null) return false;
  const { places, digits } = value as { places?: unknown; digits?: unknown };
  return isUnsigned(places, 8) && isUnsigned(digits, 32);
}

function isUnsigned(value: unknown, bits: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** bits;
}
