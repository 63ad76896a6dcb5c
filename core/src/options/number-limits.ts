import { requireInteger, type NumberRange } from "../base/option-checks.ts";

/** What the number of an option may be, and what it is when it is left out. */
export interface NumberLimits extends NumberRange {
  readonly default: number;
}

/** Returns `value`, or the default when it is left out, if it is a whole number in range; throws a `TypeError` that names all three if not. */
export function integerOption(option: string, value: number | undefined, limits: NumberLimits): number {
  return requireInteger(option, value ?? limits.default, limits);
}

/** The limits of a number that must be at least `min`, another option. Where the default is less, `min` is the default. */
export function limitsFrom(min: number, limits: NumberLimits): NumberLimits {
  return { ...limits, min, default: Math.max(min, limits.default) };
}
