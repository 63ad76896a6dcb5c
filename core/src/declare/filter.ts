import { kindOf, shown } from "../base/shown.ts";
import { isPlainObject } from "../base/plain-object.ts";
import type { FilterRule, FilterValue } from "../contract/filter.ts";
import { RESERVED_ATTRIBUTE_PREFIX } from "../contract/message.ts";

/**
 * What one attribute must be. A text: that value. `{ prefix }`: a value that begins so. A list: one of these. `{ exists }`: whether the
 * message has the attribute, with any value. `{ not }`: neither this value nor one of these; a message without the attribute passes,
 * unless `exists: true` is said as well.
 */
export type FilterCondition =
  | FilterValue
  | readonly FilterValue[]
  | { readonly exists: boolean }
  | { readonly not: string | readonly string[]; readonly exists?: true };

/**
 * Which messages a subscription takes, by their attributes: one condition for each key, and all of them must hold. Texts are compared
 * exactly, with case.
 */
export type SubscriptionFilter = Readonly<Record<string, FilterCondition>>;

/** Of one filter. More belongs into a topic of its own: each message is compared with all of it. */
export const FILTER_LIMITS = { keys: 10, values: 100, keyBytes: 256, valueBytes: 1024 } as const;

const RESERVED = new RegExp(`^${RESERVED_ATTRIBUTE_PREFIX}`, "i");
const FORMS =
  'a text, { prefix: "order." }, a list of those, { exists: true }, { exists: false }, { not: "free" } or { not: ["free", "trial"] }';

/**
 * A frozen copy of a filter. Errors name keys, and never values.
 *
 * @throws TypeError when it is not a filter, or beyond `FILTER_LIMITS`
 */
export function checkedFilter(what: string, filter: unknown): SubscriptionFilter {
  if (!isPlainObject(filter)) {
    throw new TypeError(`${what} is ${kindOf(filter)}: must be an object with a condition for each attribute's key`);
  }
  const keys = Object.keys(filter);
  if (keys.length === 0) {
    throw new TypeError(`${what} is empty: must have at least one key; leave it out to take every message`);
  }
  atMost(what, "keys", keys.length, FILTER_LIMITS.keys);
  const entries = keys.map((key) => [key, checkedCondition(checkedKey(what, key), filter[key])] as const);
  // `fromEntries`, because a key may be "__proto__".
  const checked = Object.freeze(Object.fromEntries(entries));
  const values = filterRules(checked).reduce((sum, rule) => sum + (rule.values?.length ?? 0) + rule.not.length, 0);
  atMost(what, "values", values, FILTER_LIMITS.values);
  return checked;
}

/** The filter as rules of one form, sorted by key: the same for the same filter. */
export function filterRules(filter: SubscriptionFilter): readonly FilterRule[] {
  const keys = Object.keys(filter).toSorted();
  return Object.freeze(keys.map((key) => Object.freeze({ key, ...ruleOf(filter[key] as FilterCondition) })));
}

function ruleOf(condition: FilterCondition): Omit<FilterRule, "key"> {
  if (typeof condition === "string" || "prefix" in condition) return { absent: false, values: [condition], not: [] };
  if (isList(condition)) return { absent: false, values: condition, not: [] };
  if ("not" in condition) {
    const not = typeof condition.not === "string" ? [condition.not] : condition.not;
    return { absent: condition.exists !== true, values: undefined, not };
  }
  return condition.exists ? { absent: false, values: undefined, not: [] } : { absent: true, values: [], not: [] };
}

function checkedKey(what: string, key: string): string {
  const bytes = Buffer.byteLength(key);
  if (bytes === 0 || !key.isWellFormed() || bytes > FILTER_LIMITS.keyBytes) {
    throw new TypeError(
      `${what}: the key ${shown(key)} must be well-formed text of 1 to ${FILTER_LIMITS.keyBytes} bytes`,
    );
  }
  if (RESERVED.test(key)) {
    const why = `keys that start with "${RESERVED_ATTRIBUTE_PREFIX}" are reserved, and no handler sees them`;
    throw new TypeError(`${what}: the key ${shown(key)} cannot be filtered: ${why}`);
  }
  return `${what}: ${shown(key)}`;
}

function checkedCondition(what: string, condition: unknown): FilterCondition {
  if (typeof condition === "string") return checkedText(what, condition);
  if (Array.isArray(condition)) return checkedList(what, condition, checkedValue);
  if (!isPlainObject(condition)) throw new TypeError(`${what} is ${kindOf(condition)}: must be ${FORMS}`);
  const { exists, not } = condition;
  const form = Object.keys(condition).toSorted().join("+");
  if (form === "prefix") return checkedValue(what, condition);
  if (form === "exists") {
    if (typeof exists === "boolean") return Object.freeze({ exists });
    throw new TypeError(`${what}: exists is ${kindOf(exists)}: must be true or false`);
  }
  if (form === "exists+not" && exists !== true) {
    throw new TypeError(`${what}: beside not, exists must be true: a message without the attribute passes anyway`);
  }
  if (form === "not" || form === "exists+not") {
    const texts = Array.isArray(not) ? checkedList(`${what}: not`, not, checkedText) : checkedText(`${what}: not`, not);
    return Object.freeze(exists === true ? { not: texts, exists } : { not: texts });
  }
  const names = form === "" ? "no condition" : `no condition of this form (${form.replaceAll("+", ", ")})`;
  throw new TypeError(`${what} is ${names}: must be ${FORMS}`);
}

function checkedValue(what: string, value: unknown): FilterValue {
  if (typeof value === "string") return checkedText(what, value);
  if (!isPlainObject(value) || Object.keys(value).join() !== "prefix") {
    throw new TypeError(`${what} has ${kindOf(value)} in its list: must be texts or { prefix: "order." }`);
  }
  const prefix = checkedText(`${what}: prefix`, value["prefix"]);
  if (prefix === "") throw new TypeError(`${what}: prefix is empty: use { exists: true } for every value`);
  return Object.freeze({ prefix });
}

function checkedText(what: string, text: unknown): string {
  if (typeof text !== "string") throw new TypeError(`${what} is ${kindOf(text)}: must be text`);
  const bytes = Buffer.byteLength(text);
  if (text.isWellFormed() && bytes <= FILTER_LIMITS.valueBytes) return text;
  const found = text.isWellFormed() ? `is ${bytes} bytes long` : "has a lone surrogate";
  throw new TypeError(`${what} ${found}: must be well-formed text of at most ${FILTER_LIMITS.valueBytes} bytes`);
}

function checkedList<Value extends FilterValue>(
  what: string,
  list: readonly unknown[],
  check: (what: string, value: unknown) => Value,
): readonly Value[] {
  if (list.length === 0)
    throw new TypeError(`${what} is an empty list, which no message fits: name at least one value`);
  const checked = list.map((value) => check(what, value));
  const seen = new Set(checked.map((value) => JSON.stringify(value)));
  if (seen.size < checked.length) throw new TypeError(`${what} names a value twice: name each once`);
  return Object.freeze(checked);
}

function atMost(what: string, kind: string, found: number, limit: number): void {
  if (found > limit) throw new TypeError(`${what} has ${found} ${kind}: at most ${limit} are allowed`);
}

/** `Array.isArray`, which does not narrow a readonly list. */
function isList(condition: object): condition is readonly FilterValue[] {
  return Array.isArray(condition);
}
