import { type NumberLimits, rejectUnknownKeys, requireInteger } from "../options/option-checks.ts";

/** At most `max` attempts start in any span of `perMs`. Both are required. */
export interface RateLimit {
  /** How many attempts may start, retries too; 1 to 100,000. */
  readonly max: number;
  /** In this span of time, in ms; 1 to 3,600,000. */
  readonly perMs: number;
}

export const RATE_LIMITS: Readonly<Record<keyof RateLimit, Omit<NumberLimits, "default">>> = {
  max: { min: 1, max: 100_000, unit: "messages" },
  perMs: { min: 1, max: 3_600_000, unit: "ms" },
};

/** @throws TypeError that names what is missing or out of range */
export function checkedRateLimit(what: string, rate: RateLimit): RateLimit {
  if (typeof rate !== "object" || rate === null) throw new TypeError(`${what} must be { max, perMs }`);
  rejectUnknownKeys(what, rate, Object.keys(RATE_LIMITS));
  return Object.freeze({
    max: requireInteger(`${what}.max`, rate.max, RATE_LIMITS.max),
    perMs: requireInteger(`${what}.perMs`, rate.perMs, RATE_LIMITS.perMs),
  });
}
