import type { FilterRule, FilterValue } from "@anytopic/core/driver";
import { isPlainKey } from "../codec.ts";
import { MAX_FILTER_BYTES } from "../limits.ts";

export interface FilterExpression {
  /** The subscription's `filter`; `undefined` when the service lets everything through. */
  readonly expression: string | undefined;
  /** What the worker has to do, for people; `undefined` when the service lets through exactly what passes. */
  readonly inWorker: string | undefined;
}

/** A key that needs no quotes. */
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/**
 * A filter in the service's language. It is all of it or nothing: 256 bytes are few.
 * https://cloud.google.com/pubsub/docs/subscription-message-filter (2026-11-26)
 */
export function filterExpression(rules: readonly FilterRule[]): FilterExpression {
  const odd = rules.filter(({ key }) => !isPlainKey(key)).map(({ key }) => JSON.stringify(key));
  if (odd.length > 0) {
    return {
      expression: undefined,
      inWorker: `the service takes no attribute named ${odd.join(", ")}, which travels under another name`,
    };
  }
  const expression = rules.map(termOf).join(" AND ");
  const bytes = Buffer.byteLength(expression);
  if (bytes <= MAX_FILTER_BYTES) return { expression, inWorker: undefined };
  return {
    expression: undefined,
    inWorker: `the filter has ${bytes} bytes, over the service's ${MAX_FILTER_BYTES} bytes`,
  };
}

/** Does not rely on what the service thinks of an attribute that is absent. */
function termOf({ key, absent, values, not }: FilterRule): string {
  const name = IDENTIFIER.test(key) ? key : quoted(key);
  const has = `attributes:${name}`;
  const attribute = `attributes.${name}`;
  if (values !== undefined) {
    const any = values.map((value) => valueTerm(attribute, value));
    if (absent) any.push(`NOT ${has}`);
    return any.length === 1 ? any.join("") : `(${any.join(" OR ")})`;
  }
  const none = not.map((value) => `${attribute} != ${quoted(value)}`);
  if (!absent) return [has, ...none].join(" AND ");
  return `(NOT ${has} OR ${none.length === 1 ? none.join("") : `(${none.join(" AND ")})`})`;
}

function valueTerm(attribute: string, value: FilterValue): string {
  if (typeof value === "string") return `${attribute} = ${quoted(value)}`;
  return `hasPrefix(${attribute}, ${quoted(value.prefix)})`;
}

/** Backslashes, quotation marks and what cannot be printed are escaped, as in JSON. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
