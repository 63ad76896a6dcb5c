import { isUtf8 } from "node:buffer";

/** Whether bytes are well-formed UTF-8. */
export function isText(bytes: Buffer): boolean {
  return isUtf8(bytes);
}

/** The bytes as text; undefined when they are not UTF-8. */
export function fieldText(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString() : undefined;
}

/** Whether two texts of few bytes are the same. */
export function isSame(one: Buffer, other: Buffer): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < other.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}

const LENGTH_BYTES = 4;

/** All fields in one text: before each its length, as four bytes, the highest first. */
export function packedFields(fields: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [];
  for (const field of fields) {
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(field.length);
    parts.push(length, field);
  }
  return Buffer.concat(parts);
}

/** The reverse of `packedFields`, which the scripts use for an entry with very many fields. */
export function unpackedFields(packed: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  for (let at = 0; at + LENGTH_BYTES <= packed.length;) {
    const start = at + LENGTH_BYTES;
    at = start + packed.readUInt32BE(at);
    fields.push(packed.subarray(start, at));
  }
  return fields;
}
