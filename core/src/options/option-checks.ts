import { shown } from "../base/shown.ts";
import { suggestion } from "./closest-name.ts";

export interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** What the number counts, for the message: `ms`, `messages`. */
  readonly unit?: string;
  /** Whether `Infinity` is a legal value beyond `max`. */
  readonly orInfinity?: boolean;
}

/** Returns `value` if it is a whole number in range, and throws a `TypeError` that names option, value and range if not. */
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

/** Returns `value` if it is one of `choices`, and throws a `TypeError` that lists them if not. */
export function requireChoice<Choice extends string>(
  option: string,
  value: unknown,
  choices: readonly Choice[],
): Choice {
  for (const choice of choices) if (value === choice) return choice;
  throw new TypeError(`${option} is ${shown(value)}: must be one of ${quotedNames(choices)}`);
}

/** Names for a sentence: `"a", "b"`. */
export function quotedNames(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(", ");
}

/** Throws a `TypeError` that names every key of `value` that is not `known`, what is, and what was probably meant. */
export function rejectUnknownKeys(what: string, value: object, known: readonly string[]): void {
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  if (unknown.length === 0) return;
  throw new TypeError(
    `${what} has no option ${quotedNames(unknown)}: known are ${known.join(", ")}${suggestion(unknown, known)}`,
  );
}

/** The same object without what is `undefined`: whether an option is there must not depend on how it was left out. */
export function withoutUndefined<Options extends object>(options: Options): Options {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Options;
}

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
