import type { NumberLimits, NumberRange } from "./option-checks.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** For `drain`. */
export const DRAIN_LIMITS: {
  readonly untilIdleMs: NumberLimits;
  readonly maxMessages: NumberRange;
  readonly maxMs: NumberRange;
} = {
  untilIdleMs: { min: 1, max: DAY_MS, unit: "ms", default: 5000 },
  maxMessages: { min: 1, max: Number.MAX_SAFE_INTEGER },
  maxMs: { min: 1, max: DAY_MS, unit: "ms" },
};
