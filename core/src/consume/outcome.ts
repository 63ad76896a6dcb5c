import type { DeadLetterReason } from "../contract/dead-letter.ts";
import { EXPIRED } from "./expired.ts";
import { isReject } from "./reject.ts";
import { isRetryAfter } from "./retry-after.ts";

/**
 * How one attempt of a message ended, as data. Every end of an attempt is one of these: of a handler, of the pull form, of the codec and
 * the schema, of the deadline, of the inbox, and of closing.
 */
export type Outcome =
  /** Succeeded. */
  | { readonly kind: "ack" }
  /** Failed: retried after `delayMs`, or after the delay of the retry policy when that is `undefined`. Dead-lettered after its last retry. */
  | { readonly kind: "retry"; readonly delayMs: number | undefined; readonly error: unknown }
  /** Can never succeed: dead-lettered now. */
  | { readonly kind: "reject"; readonly reason: DeadLetterReason; readonly error: unknown }
  /** Did not run, because its `expiresAt` has passed: dropped or dead-lettered, as the subscription says. Spends no attempt. */
  | { readonly kind: "expire" }
  /** Did not run: another worker may have it at once. With `leaseEnded`, another may have it already. `error` says why, for the reader of the pull form and for instrumentations. */
  | { readonly kind: "release"; readonly leaseEnded: boolean; readonly error: unknown };

export const ACK: Outcome = Object.freeze({ kind: "ack" });
export const EXPIRE: Outcome = Object.freeze({ kind: "expire" });
export const RELEASE: Outcome = Object.freeze({ kind: "release", leaseEnded: false, error: undefined });
export const RELEASE_ENDED_LEASE: Outcome = Object.freeze({ kind: "release", leaseEnded: true, error: undefined });

/** The outcome of a handler that threw this value. It may be anything, also a revoked proxy. */
export function outcomeOf(thrown: unknown): Outcome {
  if (thrown === EXPIRED) return EXPIRE;
  const error = inspectable(thrown);
  if (isReject(error)) return { kind: "reject", reason: "rejected", error };
  return { kind: "retry", delayMs: isRetryAfter(error) ? error.delayMs : undefined, error };
}

/** The thrown value, or an error in its place when looking at the value throws. */
export function inspectable(thrown: unknown): unknown {
  if (typeof thrown !== "object" || thrown === null) return thrown;
  try {
    Object.getPrototypeOf(thrown);
    return thrown;
  } catch {
    return new TypeError("what the handler threw cannot be looked at");
  }
}
