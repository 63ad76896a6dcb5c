import type { Attributes } from "./message.ts";

/** What a filter says about one attribute. A message passes when every rule of its subscription's filter lets it pass. Frozen. */
export interface FilterRule {
  /** The attribute's key. */
  readonly key: string;
  /** Whether a message without the attribute passes. */
  readonly absent: boolean;
  /** A message with the attribute passes only with one of these. `undefined`: with any value. Empty: with none. */
  readonly values: readonly FilterValue[] | undefined;
  /** A message with one of these values does not pass. */
  readonly not: readonly string[];
}

/** A value of an attribute, or the beginning of one. Compared by code unit: case counts, and nothing is normalised. */
export type FilterValue = string | { readonly prefix: string };

/** From here on a set is faster than looking through the texts. */
const SET_FROM = 8;

/** The rules as one function, made once for each worker: it is called for every message. */
export function filterPredicate(rules: readonly FilterRule[]): (attributes: Attributes) => boolean {
  const tests = rules.map((rule) => ({ key: rule.key, absent: rule.absent, passes: valuePredicate(rule) }));
  return (attributes) => {
    for (const { key, absent, passes } of tests) {
      // Received attributes have no prototype.
      const value = attributes[key];
      if (value === undefined ? !absent : !passes(value)) return false;
    }
    return true;
  };
}

function valuePredicate({ values, not }: FilterRule): (value: string) => boolean {
  if (values === undefined) return not.length === 0 ? () => true : isNoneOf(not);
  const isText = isOneOf(values.filter((value) => typeof value === "string"));
  const prefixes = values.flatMap((value) => (typeof value === "string" ? [] : [value.prefix]));
  if (prefixes.length === 0) return isText;
  return (value) => isText(value) || prefixes.some((prefix) => value.startsWith(prefix));
}

function isOneOf(texts: readonly string[]): (value: string) => boolean {
  const [only] = texts;
  if (texts.length === 1) return (value) => value === only;
  if (texts.length < SET_FROM) return (value) => texts.includes(value);
  const set = new Set(texts);
  return (value) => set.has(value);
}

function isNoneOf(texts: readonly string[]): (value: string) => boolean {
  const isOne = isOneOf(texts);
  return (value) => !isOne(value);
}
