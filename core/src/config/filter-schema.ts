import { FILTER_LIMITS } from "../declare/filter.ts";
import { RESERVED_ATTRIBUTE_PREFIX } from "../contract/message.ts";

type JsonSchema = Readonly<Record<string, unknown>>;

/** The JSON Schema of a filter. `checkedFilter` also counts all values, and bytes instead of characters. */
export function filterSchema(): JsonSchema {
  const text = { type: "string", maxLength: FILTER_LIMITS.valueBytes };
  const only = (properties: Readonly<Record<string, JsonSchema>>, ...required: readonly string[]): JsonSchema => ({
    type: "object",
    properties,
    required,
    additionalProperties: false,
  });
  const several = (items: JsonSchema): JsonSchema => ({
    type: "array",
    minItems: 1,
    maxItems: FILTER_LIMITS.values,
    uniqueItems: true,
    items,
  });
  const value = { anyOf: [text, only({ prefix: { ...text, minLength: 1 } }, "prefix")] };
  const not = { anyOf: [text, several(text)] };
  const condition = {
    anyOf: [
      ...value.anyOf,
      several(value),
      only({ exists: { type: "boolean" } }, "exists"),
      only({ not, exists: { const: true } }, "not"),
    ],
  };
  return {
    type: "object",
    minProperties: 1,
    maxProperties: FILTER_LIMITS.keys,
    propertyNames: { pattern: reservedPattern() },
    additionalProperties: condition,
  };
}

/** JSON Schema has no flags: each letter in both cases. */
function reservedPattern(): string {
  const letters = Array.from(RESERVED_ATTRIBUTE_PREFIX, (letter) => `[${letter}${letter.toUpperCase()}]`);
  return `^(?!${letters.join("")}).+$`;
}
