import { shown } from "../base/shown.ts";
import { suggestion } from "./closest-name.ts";

export interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** The unit for error messages: `ms`, `messages`. */
  readonly unit?: string;
  /** Whether `Infinity` is allowed as well. */
  readonly orInfinity?: boolean;
}

/** Returns `value`, a whole number in range. @throws TypeError that names option, value and range */
export function requireInteger(option: string, value: unknown, range: NumberRange): number {
  const legal =
    typeof value === "number" &&
    ((Number.isInteger(value) && value >= range.min && value <= range.max) ||
      (range.orInfinity === true && value === Number.POSITIVE_INFINITY));
  if (legal) return value;
  const unit = range.unit === undefined ? "" : ` ${range.unit}`;
  const infinity = range.orInfinity === true ? ", or Infinity" : "";
  throw new TypeError(
    `${option} is ${shown(value)}: must be a whole number from ${range.min} to ${range.max}${unit}${infinity}`,
  );
}

/** Returns `value`, one of `choices`. @throws TypeError that lists them */
export function requireChoice<Choice extends string>(
  option: string,
  value: unknown,
  choices: readonly Choice[],
): Choice {
  for (const choice of choices) if (value === choice) return choice;
  throw new TypeError(`${option} is ${shown(value)}: must be one of ${quotedNames(choices)}`);
}

/** Returns `value`, true or false. @throws TypeError that names option and value */
export function requireBoolean(option: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new TypeError(`${option} is ${shown(value)}: must be true or false`);
}

/** Names for a sentence: `"a", "b"`. */
export function quotedNames(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(", ");
}

/** @throws TypeError when `value` has a key that is not `known`: it names the key, all known keys, and the most similar one */
export function rejectUnknownKeys(what: string, value: object, known: readonly string[]): void {
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  if (unknown.length === 0) return;
  throw new TypeError(
    `${what} has no option ${quotedNames(unknown)}: known are ${known.join(", ")}${suggestion(unknown, known)}`,
  );
}

/** A copy without the properties that are `undefined`: an option that is `undefined` counts as absent. */
export function withoutUndefined<Options extends object>(options: Options): Options {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Options;
}

/** The range of an option, and its default. */
export interface NumberLimits extends NumberRange {
  readonly default: number;
}

/** Returns `value`, or the default when it is `undefined`. @throws TypeError when it is not a whole number in range */
export function integerOption(option: string, value: number | undefined, limits: NumberLimits): number {
  return requireInteger(option, value ?? limits.default, limits);
}

/** The limits of an option that must be at least `min`, the value of another option. The default is at least `min` too. */
export function limitsFrom(min: number, limits: NumberLimits): NumberLimits {
  return { ...limits, min, default: Math.max(min, limits.default) };
}
