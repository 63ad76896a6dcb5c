import type { FilterRule } from "@anytopic/core/driver";
import { isSafeKey } from "../codec.ts";
import { MAX_HEADER_NAME_BYTES } from "../wire/header-table.ts";

/** The arguments of one binding of a headers exchange. `null`: the header is there, with any value. */
export type BindingArguments = Readonly<Record<string, string | Buffer | null>>;

export interface FilterBindings {
  /** A message that matches one of these comes to the queue. `undefined`: the exchange cannot hold anything back, so that there is none. */
  readonly bindings: readonly BindingArguments[] | undefined;
  /** What the worker has to do, for people; `undefined` when the bindings let through exactly what passes. */
  readonly inWorker: string | undefined;
}

/** Every publish is compared with each of them. A filter with more combinations of values is applied in part. */
const MAX_BINDINGS = 50;

/**
 * A value that a header of another type also has as text: numbers, dates, booleans, tables, arrays and void, see `headerText`. An exchange
 * compares types as well, and would hold such a header back.
 */
const MAY_BE_NO_TEXT = /^(?:[-+\d[{]|(?:true|false|NaN|Infinity)?$)/;

/** What a headers exchange does with a filter. It knows values and presence, so it lets through what only core can tell. */
export function filterBindings(rules: readonly FilterRule[]): FilterBindings {
  const inWorker: string[] = [];
  const parts = rules.flatMap((rule) => {
    const values = valuesOf(rule);
    if (!isExact(rule, values)) inWorker.push(JSON.stringify(rule.key));
    return values === undefined ? [] : [{ key: rule.key, values }];
  });
  let isCut = false;
  for (;;) {
    const most = parts.toSorted((one, other) => other.values.length - one.values.length)[0];
    if (most === undefined || parts.reduce((product, { values }) => product * values.length, 1) <= MAX_BINDINGS) break;
    most.values = [null];
    isCut = true;
  }
  const reasons = [
    inWorker.length > 0
      ? `an exchange cannot apply, or not alone, what the filter says about ${inWorker.join(", ")}`
      : undefined,
    isCut ? `the values would need more than ${MAX_BINDINGS} bindings` : undefined,
  ].filter((reason) => reason !== undefined);
  return {
    bindings: parts.length === 0 ? undefined : combined(parts),
    inWorker: reasons.length === 0 ? undefined : reasons.join("; "),
  };
}

interface Part {
  readonly key: string;
  values: readonly (string | Buffer | null)[];
}

function combined(parts: readonly Part[]): readonly BindingArguments[] {
  return parts.reduce<readonly BindingArguments[]>(
    (bindings, { key, values }) => bindings.flatMap((binding) => values.map((value) => ({ ...binding, [key]: value }))),
    [{ "x-match": "all" }],
  );
}

/** What the header must be; `[null]` when it must be there; `undefined` when it may be anything or absent. */
function valuesOf({ key, absent, values }: FilterRule): Part["values"] | undefined {
  // An exchange ignores names that begin with "x-". https://www.rabbitmq.com/docs/exchanges#headers (2026-11-26)
  if (absent || key.startsWith("x-") || !isSafeKey(key) || Buffer.byteLength(key) > MAX_HEADER_NAME_BYTES)
    return undefined;
  const texts = (values ?? []).filter((value) => typeof value === "string");
  if (values === undefined || texts.length < values.length || texts.some((text) => MAY_BE_NO_TEXT.test(text)))
    return [null];
  // A foreign publisher may send text as bytes.
  return texts.flatMap((text) => [text, Buffer.from(text)]);
}

function isExact({ values, not }: FilterRule, bound: Part["values"] | undefined): boolean {
  if (bound === undefined || not.length > 0) return false;
  return values === undefined || bound[0] !== null;
}
