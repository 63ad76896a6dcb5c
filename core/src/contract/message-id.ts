import { randomFillSync } from "node:crypto";

import { kindOf, shown } from "../base/shown.ts";

const DIGITS: Uint8Array = Buffer.from("0123456789abcdef", "latin1");
export const MAX_ID_LENGTH = 128;
/** An id that `publish` accepts. A received id that matches can be published again, logged and stored unchanged. */
export const PLAIN_ID: RegExp = new RegExp(`^[!-~]{1,${MAX_ID_LENGTH}}$`);

/** Returns an id for a message that is published to `topic` at `nowMs`, in Unix ms. */
export type IdGenerator = (nowMs: number, topic: string) => string;

/** 32 uniform random bits. */
type RandomBits = () => number;

function systemRandomBits(): RandomBits {
  const pool = new Uint32Array(1024);
  let next = pool.length;
  return () => {
    if (next === pool.length) {
      randomFillSync(pool);
      next = 0;
    }
    return pool[next++] as number;
  };
}

/**
 * Makes UUIDv7 ids (RFC 9562, https://www.rfc-editor.org/rfc/rfc9562, read 2026-11-22): milliseconds, a 12-bit counter within one
 * millisecond, and 62 random bits. Ids of one generator sort in the order in which they were made. `random` is for tests; the
 * default are random bits of the system.
 */
export function createIdGenerator(random?: () => number): (nowMs: number) => string {
  const bits = random === undefined ? systemRandomBits() : () => Math.floor(random() * 2 ** 32);
  // Written as bytes and read once: a flat string takes a quarter of the memory of a concatenated one.
  const text = Buffer.from("00000000-0000-7000-8000-000000000000", "latin1");
  let lastMs = -1;
  let counter = 0;
  return (nowMs) => {
    let ms = Math.max(Math.floor(nowMs), lastMs);
    if (ms === lastMs && (counter += 1) === 0x1000) ms += 1;
    if (ms !== lastMs) {
      lastMs = ms;
      counter = 0;
      const hex = ms.toString(16).padStart(12, "0");
      text.write(`${hex.slice(0, 8)}-${hex.slice(8)}`, "latin1");
    }
    const a = bits();
    const b = bits();
    text[15] = DIGITS[counter >> 8] as number;
    writeByte(text, 16, counter & 0xff);
    writeByte(text, 19, 0x80 | (a >>> 26));
    writeByte(text, 21, (a >>> 16) & 0xff);
    writeByte(text, 24, (a >>> 8) & 0xff);
    writeByte(text, 26, a & 0xff);
    writeByte(text, 28, b >>> 24);
    writeByte(text, 30, (b >>> 16) & 0xff);
    writeByte(text, 32, (b >>> 8) & 0xff);
    writeByte(text, 34, b & 0xff);
    return text.toString();
  };
}

function writeByte(text: Uint8Array, at: number, byte: number): void {
  text[at] = DIGITS[byte >>> 4] as number;
  text[at + 1] = DIGITS[byte & 15] as number;
}

/** Returns `id`. @throws TypeError when `publish` does not accept it */
export function requireId(id: unknown): string {
  return requirePlainId("id", id);
}

/** Returns what the option `newId` has made. @throws TypeError when it is not an id */
export function requireMadeId(id: unknown): string {
  return requirePlainId("the id that newId returned", id);
}

function requirePlainId(what: string, id: unknown): string {
  if (typeof id === "string" && PLAIN_ID.test(id)) return id;
  throw new TypeError(
    `${what} is ${typeof id === "string" ? shown(id) : kindOf(id)}: must be 1 to ${MAX_ID_LENGTH} printable ASCII characters without spaces`,
  );
}
