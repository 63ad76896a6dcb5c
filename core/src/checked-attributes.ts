import type { Capabilities } from "./capabilities.ts";
import { PubSubError } from "./errors.ts";
import { RESERVED_ATTRIBUTE_PREFIX, type Attributes } from "./message.ts";
import { shown } from "./option-checks.ts";

/** Shared by every message without attributes. */
export const NO_ATTRIBUTES: Attributes = Object.freeze(Object.create(null) as Record<string, string>);

const RESERVED = new RegExp(`^${RESERVED_ATTRIBUTE_PREFIX}`, "i");

/**
 * Copies and checks a message's attributes; `own` wins over `common`.
 *
 * @throws TypeError when a key or value is not well-formed text, or a key is reserved
 * @throws PubSubError `LIMIT_EXCEEDED` with limit and actual value
 */
export function checkedAttributes(
  common: Attributes | undefined,
  own: Attributes | undefined,
  limits: Capabilities,
): Attributes {
  if (common === undefined && own === undefined) return NO_ATTRIBUTES;
  const merged = Object.create(null) as Record<string, string>;
  // Not Object.assign: a key named __proto__ must stay a key.
  for (const source of [common, own]) {
    if (source === undefined) continue;
    for (const key of Object.keys(requireObject(source))) merged[key] = source[key] as string;
  }
  const keys = Object.keys(merged);
  if (keys.length > limits.maxAttributes) throw limitExceeded("attributes", limits.maxAttributes, keys.length, "");
  for (const key of keys) checkAttribute(key, merged[key], limits);
  return Object.freeze(merged);
}

function requireObject(attributes: unknown): object {
  if (typeof attributes === "object" && attributes !== null) return attributes;
  throw new TypeError(`attributes are ${shown(attributes)}: must be an object with string values`);
}

function checkAttribute(key: string, value: unknown, limits: Capabilities): void {
  if (key === "" || !key.isWellFormed()) {
    throw new TypeError(`attribute key ${shown(key)}: must be well-formed text, not empty`);
  }
  if (RESERVED.test(key)) {
    throw new TypeError(
      `attribute key ${shown(key)}: keys that start with "${RESERVED_ATTRIBUTE_PREFIX}" are reserved`,
    );
  }
  if (typeof value !== "string" || !value.isWellFormed()) {
    throw new TypeError(`attribute ${shown(key)} is not well-formed text: must be a string without lone surrogates`);
  }
  const keyBytes = Buffer.byteLength(key);
  if (keyBytes > limits.maxAttributeKeyBytes) {
    throw limitExceeded(`key of attribute ${shown(key)}`, limits.maxAttributeKeyBytes, keyBytes, " bytes");
  }
  const valueBytes = Buffer.byteLength(value);
  if (valueBytes > limits.maxAttributeValueBytes) {
    throw limitExceeded(`value of attribute ${shown(key)}`, limits.maxAttributeValueBytes, valueBytes, " bytes");
  }
}

/** The error of every limit: says which, its value and the actual value. */
export function limitExceeded(what: string, limit: number, actual: number, unit: string): PubSubError {
  return new PubSubError("LIMIT_EXCEEDED", `${what}: ${actual}${unit}, at most ${limit}${unit} on this adapter`);
}
