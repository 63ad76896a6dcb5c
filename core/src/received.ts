import { createHash } from "node:crypto";

/** What `publish` takes as an id: so a received one can be published again, logged and kept as it is. */
const PLAIN_ID = /^[!-~]{1,128}$/;

/** The latest and the earliest moment a `Date` can hold, in ms from 1970. ECMA-262 §21.4.1.1. */
const MAX_TIME_MS = 8_640_000_000_000_000;

/**
 * The id of a received message as everybody sees it. Anybody who may publish chooses it, in any length and of any
 * characters: one that `publish` would not take is replaced by a hash of itself, `sha256:` and 64 hexadecimal digits, the same
 * on every attempt and every subscription.
 */
export function boundedId(id: string): string {
  if (PLAIN_ID.test(id)) return id;
  return `sha256:${createHash("sha256").update(id).digest("hex")}`;
}

/** A received time, in Unix ms, that a `Date` can hold: what is no number becomes 0, what lies outside the nearest that is in. */
export function boundedTimeMs(timeMs: number): number {
  if (timeMs >= -MAX_TIME_MS && timeMs <= MAX_TIME_MS) return timeMs;
  if (timeMs > MAX_TIME_MS) return MAX_TIME_MS;
  return timeMs < -MAX_TIME_MS ? -MAX_TIME_MS : 0;
}
