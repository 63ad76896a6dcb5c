import { configSchema } from "@anytopic/core/config";
import { code, markdownTable } from "./markdown-table.ts";

interface Schema {
  readonly description?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly const?: string;
}

/** Every key of the configuration file, from its JSON Schema. */
export function configurationPage(): Readonly<Record<string, string>> {
  const rows = rowsOf(configSchema(), "");
  return { keys: markdownTable(["key", "value", "what it is"], rows) };
}

function rowsOf(schema: Schema, path: string): readonly (readonly string[])[] {
  const named = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const place = path === "" ? key : `${path}.${key}`;
    const isRequired = schema.required?.includes(key) === true;
    const row = [code(place), `${valueOf(value)}${isRequired ? ", required" : ""}`, value.description ?? ""];
    // A filter has a shape of its own, and a page of its own.
    return [row, ...(key === "filter" ? [] : rowsOf(value, place))];
  });
  const others = schema.additionalProperties;
  if (typeof others !== "object" || named.length > 0) return named;
  const place = `${path}.<name>`;
  return [[code(place), valueOf(others), others.description ?? ""], ...rowsOf(others, place)];
}

function valueOf({ type, anyOf, enum: choices, items, minimum, maximum, const: only }: Schema): string {
  // Every value may also be a text with a variable, which the page says once.
  if (anyOf !== undefined) return [...new Set(anyOf.slice(0, -1).map(valueOf))].join(", or ");
  if (choices !== undefined) return choices.map((choice) => code(JSON.stringify(choice))).join(", ");
  if (only !== undefined) return code(JSON.stringify(only));
  if (minimum !== undefined && maximum !== undefined)
    return `${type === "integer" ? "whole number" : "number"}, ${minimum.toLocaleString("en-US")} to ${maximum.toLocaleString("en-US")}`;
  if (type === "array") return `list of ${items === undefined ? "values" : valueOf(items)}`;
  return type === "string" ? "text" : (type ?? "");
}
