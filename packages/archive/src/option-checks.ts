import { inspect } from "node:util";

/** Returns `value`. @throws TypeError when it is not a whole number in range */
export function requireOption(option: string, value: unknown, min: number, max: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  const shown = inspect(value, { maxStringLength: 80, depth: 0 });
  throw new TypeError(`${option} is ${shown}: must be a whole number from ${min} to ${max}`);
}

/** @throws TypeError when `options` has a key that is not `known` */
export function requireKnown(what: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).filter((key) => !known.includes(key));
  if (unknown.length > 0)
    throw new TypeError(`${what} has no option ${unknown.join(", ")}: known are ${known.join(", ")}`);
}
