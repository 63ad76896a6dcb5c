import { UsageError } from "./usage-error.ts";

/** A whole number from `min` to `max`. @throws UsageError */
export function parseCount(option: string, text: string, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${option} is ${JSON.stringify(text)}: must be a whole number from ${min} to ${max}`);
}
