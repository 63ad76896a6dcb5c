import { configShape } from "./config-shape.ts";
import { filterSchema } from "./filter-schema.ts";
import type { Shape } from "./shape.ts";

type JsonSchema = Readonly<Record<string, unknown>>;

/** A text with a variable is allowed for every value. Its result is checked when the file is loaded. */
const VARIABLE: JsonSchema = { type: "string", pattern: "\\$\\{" };

/** The JSON Schema of the configuration file, made from the shape that the checker uses. Draft-07, which every editor reads. */
export function configSchema(): JsonSchema {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "anytopic configuration",
    ...schemaOf(configShape),
  };
}

function schemaOf(shape: Shape): JsonSchema {
  const description = shape.what;
  switch (shape.kind) {
    case "object":
      return {
        description,
        type: "object",
        properties: Object.fromEntries(Object.entries(shape.properties).map(([key, value]) => [key, schemaOf(value)])),
        ...(shape.required === undefined ? {} : { required: shape.required }),
        additionalProperties: false,
      };
    case "map":
      return {
        description,
        type: "object",
        propertyNames: { pattern: shape.keys.pattern.source },
        additionalProperties: schemaOf(shape.values),
      };
    case "list":
      return { description, type: "array", minItems: shape.minItems, uniqueItems: true, items: schemaOf(shape.items) };
    case "text":
      if (shape.rule === undefined) return { description, type: "string" };
      return orVariable(description, { type: "string", pattern: shape.rule.pattern.source });
    case "choice":
      return orVariable(description, { enum: shape.choices });
    case "integer":
    case "number": {
      const { min, max, orInfinity } = shape.limits;
      const number = { type: shape.kind, minimum: min, maximum: max };
      return orVariable(description, number, ...(orInfinity === true ? [{ const: "Infinity" }] : []));
    }
    case "filter":
      return { description, ...filterSchema() };
    case "free":
      return { description, type: "object" };
    default:
      return shape satisfies never;
  }
}

function orVariable(description: string, ...schemas: readonly JsonSchema[]): JsonSchema {
  return { description, anyOf: [...schemas, VARIABLE] };
}
