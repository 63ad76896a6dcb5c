import { isBranded, isInstance, mark, RETRY_AFTER_BRAND } from "../base/brand.ts";
import { shown } from "../base/shown.ts";

/**
 * Thrown by a handler to retry the message after `delayMs` instead of the delay of the retry policy. Counts as a failed attempt.
 * The delay is rounded up to the adapter's `nackDelay.granularityMs`; above `nackDelay.maxMs`, that is used instead, with a warning
 * in the log.
 */
export class RetryAfter extends Error {
  override readonly name = "RetryAfter";
  readonly delayMs: number;

  /** @throws TypeError when `delayMs` is not a finite number of at least 0 */
  constructor(delayMs: number, reason = `retry after ${delayMs} ms`, options?: { readonly cause?: unknown }) {
    super(reason, options);
    this.delayMs = requireDelayMs("RetryAfter", delayMs);
  }

  /** True also for an instance that another copy of this package has made. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(RetryAfter, this, RETRY_AFTER_BRAND, value);
  }

  static {
    mark(this, RETRY_AFTER_BRAND);
  }
}

/** @throws TypeError when `delayMs` is not a finite number of at least 0 */
export function requireDelayMs(what: string, delayMs: number): number {
  if (Number.isFinite(delayMs) && delayMs >= 0) return delayMs;
  throw new TypeError(`${what}: delayMs is ${shown(delayMs)}: must be a finite number of milliseconds, 0 or more`);
}

/** Whether a value is a `RetryAfter`, of any copy of this package. */
export function isRetryAfter(value: unknown): value is RetryAfter {
  return isBranded(RETRY_AFTER_BRAND, value);
}
