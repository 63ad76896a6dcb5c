import type { FilterRule, FilterValue } from "@anytopic/core/driver";
import { MAX_FILTER_COMBINATIONS, MAX_FILTER_KEYS } from "../limits.ts";
import { isLegalText, isNativeAttribute } from "../wire/attribute-rules.ts";
import { METADATA_ATTRIBUTE, PACKED_PREFIX } from "../wire/metadata.ts";

export interface FilterPolicy {
  /** The `FilterPolicy` of the SNS subscription, as JSON; `undefined` when SNS lets everything through. */
  readonly policy: string | undefined;
  /** What the worker has to do, for people; `undefined` when SNS lets through exactly what passes, and what it cannot judge. */
  readonly inWorker: string | undefined;
}

type Condition = string | Readonly<Record<string, unknown>>;

/** As a key inside "$or", one of these would change what it means. https://docs.aws.amazon.com/sns/latest/dg/and-or-logic.html (2026-11-26) */
const KEYWORDS: ReadonlySet<string> = new Set(
  "anything-but cidr equals-ignore-case exists numeric prefix suffix wildcard".split(" "),
);

/**
 * What SNS does with a filter. SNS sees message attributes only, and of some types, so it also lets through every message for which that
 * is not the whole truth: one that has packed attributes, and one that we did not publish.
 * https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html (2026-11-26)
 */
export function filterPolicy(rules: readonly FilterRule[]): FilterPolicy {
  if (rules.every(({ absent }) => absent)) {
    return {
      policy: undefined,
      inWorker: "a message without attributes passes, and with a policy SNS delivers none of those",
    };
  }
  const parts = rules.flatMap((rule) => {
    const conditions = conditionsOf(rule);
    return conditions === undefined ? [] : [{ key: rule.key, conditions }];
  });
  const kept = new Set(parts.slice(0, MAX_FILTER_KEYS - 1));
  // Our own attribute has two conditions.
  const combinations = (): number => [...kept].reduce((product, { conditions }) => product * conditions.length, 2);
  while (combinations() > MAX_FILTER_COMBINATIONS) {
    const [most] = [...kept].toSorted((one, other) => other.conditions.length - one.conditions.length);
    if (most !== undefined) kept.delete(most);
  }
  const applied = Object.fromEntries([...kept].map(({ key, conditions }) => [key, conditions]));
  const left = rules.filter(({ key }) => !Object.hasOwn(applied, key)).map(({ key }) => JSON.stringify(key));
  const inWorker =
    left.length === 0
      ? undefined
      : `SNS cannot apply, or not beside the others, what the filter says about ${left.join(", ")}`;
  if (kept.size === 0) return { policy: undefined, inWorker };
  const unjudged = { [METADATA_ATTRIBUTE]: [{ exists: false }, { prefix: PACKED_PREFIX }] };
  return { policy: JSON.stringify({ $or: [applied, unjudged] }), inWorker };
}

/** One of them must hold. `undefined` when the attribute, or what it must be, is never one of SNS. */
function conditionsOf({ key, absent, values, not }: FilterRule): readonly Condition[] | undefined {
  if (!isNativeAttribute(key, "x") || KEYWORDS.has(key)) return undefined;
  const conditions = values === undefined ? [exceptCondition(not.filter(isNative))] : values.flatMap(valueCondition);
  if (absent) conditions.push({ exists: false });
  return conditions.length === 0 ? undefined : conditions;
}

function exceptCondition(not: readonly string[]): Condition {
  return not.length > 0 ? { "anything-but": not } : { exists: true };
}

/** A value that SNS refuses is packed. */
function valueCondition(value: FilterValue): Condition[] {
  if (typeof value === "string") return isNative(value) ? [value] : [];
  return isNative(value.prefix) ? [value] : [];
}

function isNative(text: string): boolean {
  return text !== "" && isLegalText(text);
}
