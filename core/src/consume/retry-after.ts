import { isBranded, isInstance, mark, RETRY_AFTER_BRAND } from "../base/brand.ts";
import { shown } from "../base/shown.ts";

/**
 * Thrown by a handler: try this message again after `delayMs` instead of the policy's delay. Counts as a failed
 * attempt. Rounded up to the adapter's granularity, and cut, with a warning, at its longest delay.
 */
export class RetryAfter extends Error {
  override readonly name = "RetryAfter";
  readonly delayMs: number;

  /** @throws TypeError when `delayMs` is not a finite number from 0 up */
  constructor(delayMs: number, reason = `retry after ${delayMs} ms`, options?: { readonly cause?: unknown }) {
    super(reason, options);
    this.delayMs = requireDelayMs("RetryAfter", delayMs);
  }

  /** Also one that another copy of this package has made. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(RetryAfter, this, RETRY_AFTER_BRAND, value);
  }

  static {
    mark(this, RETRY_AFTER_BRAND);
  }
}

/** @throws TypeError when `delayMs` is not a finite number from 0 up */
export function requireDelayMs(what: string, delayMs: number): number {
  if (Number.isFinite(delayMs) && delayMs >= 0) return delayMs;
  throw new TypeError(`${what}: delayMs is ${shown(delayMs)}: must be a finite number of milliseconds, 0 or more`);
}

/** Whether a handler threw `RetryAfter`, of whatever copy of this package. */
export function isRetryAfter(value: unknown): value is RetryAfter {
  return isBranded(RETRY_AFTER_BRAND, value);
}
