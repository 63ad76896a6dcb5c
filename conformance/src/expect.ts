/** Assertions whose messages help somebody who does not know the code. `what` completes the sentence "expected …". */
import { inspect, isDeepStrictEqual } from "node:util";
import { PubSubError, type PubSubErrorCode } from "@anytopic/core";
import { Violation } from "./violation.ts";

export function shown(value: unknown): string {
  return inspect(value, { depth: 3, breakLength: 120, maxArrayLength: 12, maxStringLength: 120 });
}

/** Lists only the first few, for messages about many values. */
export function few(values: readonly unknown[]): string {
  const first = values.slice(0, 8).map(String).join(", ");
  return values.length > 8 ? `${first}, … (${values.length})` : first;
}

export function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Violation(`expected ${what}`);
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(actual, expected)) {
    throw new Violation(`expected ${what} to be ${shown(expected)}, got ${shown(actual)}`);
  }
}

/** Equal as text, whatever the prototypes: attributes are objects without a prototype. */
export function equalAttributes(actual: object, expected: object, what: string): void {
  equal(Object.entries(actual).toSorted(byKey), Object.entries(expected).toSorted(byKey), what);
}

const byKey = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : a > b ? 1 : 0);

export function equalBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  if (Buffer.compare(actual, expected) === 0) return;
  const at = expected.findIndex((byte, index) => actual[index] !== byte);
  throw new Violation(
    `expected ${what} to be the same ${expected.length} bytes, got ${actual.length} that differ from byte ${at < 0 ? expected.length : at} on`,
  );
}

export function within(value: number, bounds: { readonly min?: number; readonly max?: number }, what: string): void {
  const { min = -Infinity, max = Infinity } = bounds;
  if (!(value >= min && value <= max)) {
    throw new Violation(`expected ${what} to be from ${min} to ${max}, got ${Math.round(value * 10) / 10}`);
  }
}

/** Every expected value exactly once, and nothing else: duplicates are found, too. */
export function sameMembers(actual: readonly string[], expected: readonly string[], what: string): void {
  const left = new Map<string, number>();
  for (const value of expected) left.set(value, (left.get(value) ?? 0) + 1);
  const extra: string[] = [];
  for (const value of actual) {
    const count = left.get(value) ?? 0;
    if (count === 0) extra.push(value);
    else left.set(value, count - 1);
  }
  const missing = [...left].filter(([, count]) => count > 0).map(([value]) => value);
  if (missing.length === 0 && extra.length === 0) return;
  const parts = [
    missing.length > 0 ? `missing ${few(missing)}` : undefined,
    extra.length > 0 ? `unexpected or repeated ${few(extra)}` : undefined,
  ];
  throw new Violation(`expected ${what} to match: ${parts.filter((part) => part !== undefined).join("; ")}`);
}

/** The promise must reject, with one of these codes; returns the error. */
export async function rejects(
  promise: PromiseLike<unknown>,
  codes: PubSubErrorCode | readonly PubSubErrorCode[],
  what: string,
): Promise<PubSubError> {
  const error = await rejection(promise, what);
  const permitted = typeof codes === "string" ? [codes] : codes;
  if (error instanceof PubSubError && permitted.includes(error.code)) return error;
  const got = error instanceof PubSubError ? `${error.code} (${error.message})` : shown(error);
  throw new Violation(`expected ${what} to reject with ${permitted.join(" or ")}, got ${got}`);
}

/** The promise must reject; returns the reason. */
export async function rejection(promise: PromiseLike<unknown>, what: string): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Violation(`expected ${what} to reject, it resolved with ${shown(value)}`);
}
