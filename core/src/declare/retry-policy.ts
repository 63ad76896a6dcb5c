import type { Capabilities } from "../contract/capabilities.ts";
import { integerOption, limitsFrom, type NumberLimits, rejectUnknownKeys } from "../options/option-checks.ts";
import { shown } from "../base/shown.ts";

/** How often a failed message is retried, and after which delays. */
export interface RetryPolicyOptions {
  /** Delay before the second attempt, in ms; 0 to 12 hours. @default 10_000 */
  readonly minBackoffMs?: number | undefined;
  /** Upper bound of the delay, in ms; `minBackoffMs` to 12 hours. @default 600_000, or `minBackoffMs` when that is longer */
  readonly maxBackoffMs?: number | undefined;
  /** Retries after the first attempt: a message has at most `maxRetries + 1` attempts. 0 to 1,000,000 or `Infinity`. @default 100 */
  readonly maxRetries?: number | undefined;
  /** Each delay becomes longer by a random part of itself, at most by this part; 0 to 1. Never shorter. @default 0.1 */
  readonly jitter?: number | undefined;
}

/** A checked retry policy, with all defaults. */
export type RetryPolicy = { readonly [Key in keyof RetryPolicyOptions]-?: NonNullable<RetryPolicyOptions[Key]> };

const HALF_DAY_MS = 12 * 60 * 60 * 1000;

/** `maxBackoffMs` must also be at least `minBackoffMs`. `jitter` need not be a whole number. */
export const RETRY_LIMITS: Readonly<Record<keyof RetryPolicyOptions, NumberLimits>> = {
  minBackoffMs: { min: 0, max: HALF_DAY_MS, unit: "ms", default: 10_000 },
  maxBackoffMs: { min: 0, max: HALF_DAY_MS, unit: "ms", default: 600_000 },
  maxRetries: { min: 0, max: 1_000_000, orInfinity: true, default: 100 },
  jitter: { min: 0, max: 1, default: 0.1 },
};
const OPTIONS = Object.keys(RETRY_LIMITS);

/** Checks ranges and sets defaults. Zero retries and retries without end are allowed. */
export function checkedRetryPolicy(what: string, options: RetryPolicyOptions): RetryPolicy {
  rejectUnknownKeys(what, options, OPTIONS);
  const limits = RETRY_LIMITS;
  const minBackoffMs = integerOption(`${what}.minBackoffMs`, options.minBackoffMs, limits.minBackoffMs);
  const { min, max } = limits.jitter;
  const jitter = options.jitter ?? limits.jitter.default;
  if (typeof jitter !== "number" || !(jitter >= min && jitter <= max)) {
    throw new TypeError(`${what}.jitter is ${shown(jitter)}: must be a number from ${min} to ${max}`);
  }
  return Object.freeze({
    minBackoffMs,
    maxBackoffMs: integerOption(
      `${what}.maxBackoffMs`,
      options.maxBackoffMs,
      limitsFrom(minBackoffMs, limits.maxBackoffMs),
    ),
    maxRetries: integerOption(`${what}.maxRetries`, options.maxRetries, limits.maxRetries),
    jitter,
  });
}

/**
 * The delay after failed attempt `attempt` (1, 2, …), in ms: `min(maxBackoffMs, minBackoffMs · 2^(attempt-1))`,
 * longer by at most `jitter` of itself, rounded up to whole steps of `granularityMs`, and at most `maxMs`.
 */
export function retryDelayMs(
  policy: RetryPolicy,
  attempt: number,
  random: () => number,
  step: Capabilities["nackDelay"],
): number {
  const base = Math.min(policy.maxBackoffMs, policy.minBackoffMs * 2 ** Math.min(attempt - 1, 64));
  return steppedDelayMs(base * (1 + policy.jitter * random()), step);
}

/** A delay that the broker can keep: rounded up to its steps, and at most its longest one. */
export function steppedDelayMs(delayMs: number, step: Capabilities["nackDelay"]): number {
  return Math.min(step.maxMs, Math.ceil(delayMs / step.granularityMs) * step.granularityMs);
}
