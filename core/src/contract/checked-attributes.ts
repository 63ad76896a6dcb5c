import type { Capabilities } from "./capabilities.ts";
import { PubSubError } from "../base/errors.ts";
import { RESERVED_ATTRIBUTE_PREFIX, type Attributes } from "./message.ts";
import { kindOf, shown } from "../base/shown.ts";

/** Shared by every message without attributes. */
export const NO_ATTRIBUTES: Attributes = Object.freeze(Object.create(null) as Record<string, string>);

const RESERVED = new RegExp(`^${RESERVED_ATTRIBUTE_PREFIX}`, "i");

/**
 * Copies the attributes of a message; `own` wins over `common`.
 *
 * @throws TypeError when a key or value is not well-formed text, or a key is reserved
 */
export function copiedAttributes(common: Attributes | undefined, own: Attributes | undefined): Attributes {
  if (common === undefined && own === undefined) return NO_ATTRIBUTES;
  const merged = Object.create(null) as Record<string, string>;
  // Not Object.assign: a key named __proto__ must stay a key.
  for (const source of [common, own]) {
    if (source === undefined) continue;
    for (const key of Object.keys(requireObject(source))) merged[key] = source[key] as string;
  }
  for (const key of Object.keys(merged)) checkAttribute(key, merged[key]);
  return Object.freeze(merged);
}

/** @throws PubSubError `LIMIT_EXCEEDED` with limit and actual value */
export function checkAttributeLimits(attributes: Attributes, limits: Capabilities): void {
  if (attributes === NO_ATTRIBUTES) return;
  const keys = Object.keys(attributes);
  if (keys.length > limits.maxAttributes) throw limitExceeded("attributes", limits.maxAttributes, keys.length, "");
  for (const key of keys) checkLengths(key, attributes[key] as string, limits);
}

function requireObject(attributes: unknown): object {
  if (typeof attributes === "object" && attributes !== null) return attributes;
  throw new TypeError(`attributes are ${kindOf(attributes)}: must be an object with string values`);
}

/** Whether it may be an attribute of a message that is published. */
export function isAllowedAttribute(key: string, value: unknown): boolean {
  try {
    checkAttribute(key, value);
    return true;
  } catch {
    return false;
  }
}

function checkAttribute(key: string, value: unknown): void {
  if (key === "" || !key.isWellFormed()) {
    throw new TypeError(`attribute key ${shown(key)}: must be well-formed text, not empty`);
  }
  if (RESERVED.test(key)) {
    throw new TypeError(
      `attribute key ${shown(key)}: keys that start with "${RESERVED_ATTRIBUTE_PREFIX}" are reserved`,
    );
  }
  if (typeof value !== "string") {
    throw new TypeError(`attribute ${shown(key)} is ${kindOf(value)}: must be a string, as String(value) makes one`);
  }
  if (!value.isWellFormed()) {
    throw new TypeError(`attribute ${shown(key)} has a lone surrogate: must be well-formed text`);
  }
}

function checkLengths(key: string, value: string, limits: Capabilities): void {
  const keyBytes = Buffer.byteLength(key);
  if (keyBytes > limits.maxAttributeKeyBytes) {
    throw limitExceeded(`key of attribute ${shown(key)}`, limits.maxAttributeKeyBytes, keyBytes, " bytes");
  }
  const valueBytes = Buffer.byteLength(value);
  if (valueBytes > limits.maxAttributeValueBytes) {
    throw limitExceeded(`value of attribute ${shown(key)}`, limits.maxAttributeValueBytes, valueBytes, " bytes");
  }
}

/** The error of every limit: it contains the limit and the actual value. */
export function limitExceeded(what: string, limit: number, actual: number, unit: string): PubSubError {
  return new PubSubError("LIMIT_EXCEEDED", `${what}: ${actual}${unit}, at most ${limit}${unit} on this adapter`);
}
