import type { DeadLetterReason } from "../contract/dead-letter.ts";
import { isReject } from "./reject.ts";
import { isRetryAfter } from "./retry-after.ts";

/**
 * How one attempt of a message ended, as data. Whoever ends an attempt says it with one of these: the handler form and
 * the pull form, the codec and the schema, the deadline, the inbox, and closing.
 */
export type Outcome =
  /** Done. */
  | { readonly kind: "ack" }
  /** Failed: again after `delayMs`, by the retry policy when that is left out, or dead-lettered when its retries are used up. */
  | { readonly kind: "retry"; readonly delayMs: number | undefined; readonly error: unknown }
  /** Will never succeed: dead-lettered now. */
  | { readonly kind: "reject"; readonly reason: DeadLetterReason; readonly error: unknown }
  /** Not run: another worker may have it at once. With `leaseEnded` another may have it already. `error` says why, to the reader of the pull form. */
  | { readonly kind: "release"; readonly leaseEnded: boolean; readonly error: unknown };

export const ACK: Outcome = Object.freeze({ kind: "ack" });
export const RELEASE: Outcome = Object.freeze({ kind: "release", leaseEnded: false, error: undefined });
export const RELEASE_ENDED_LEASE: Outcome = Object.freeze({ kind: "release", leaseEnded: true, error: undefined });

/** What the handler decided that threw this, which may be anything, also a revoked proxy. */
export function outcomeOf(thrown: unknown): Outcome {
  const error = inspectable(thrown);
  if (isReject(error)) return { kind: "reject", reason: "rejected", error };
  return { kind: "retry", delayMs: isRetryAfter(error) ? error.delayMs : undefined, error };
}

/** What was thrown, or an error instead of it when even asking for its kind throws. */
export function inspectable(thrown: unknown): unknown {
  if (typeof thrown !== "object" || thrown === null) return thrown;
  try {
    Object.getPrototypeOf(thrown);
    return thrown;
  } catch {
    return new TypeError("what the handler threw cannot be looked at");
  }
}
