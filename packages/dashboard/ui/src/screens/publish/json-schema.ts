/** The part of JSON Schema for which there are fields. Everything else is written as JSON. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly description?: string;
  readonly title?: string;
  readonly default?: unknown;
  readonly format?: string;
  readonly maxLength?: number;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
}

export type FieldKind = "text" | "number" | "boolean" | "choice" | "object" | "json";

/** Deeper objects are written as JSON. */
const MAX_DEPTH = 4;

export function fieldKind(schema: JsonSchema, depth: number): FieldKind {
  if (schema.enum?.every((value) => typeof value === "string" || typeof value === "number") === true) return "choice";
  if (schema.const !== undefined) return typeof schema.const === "string" ? "choice" : "json";
  if (schema.type === "string") return "text";
  if (schema.type === "integer" || schema.type === "number") return "number";
  if (schema.type === "boolean") return "boolean";
  return schema.type === "object" && schema.properties !== undefined && depth < MAX_DEPTH ? "object" : "json";
}

/** Follows `#/$defs/…`, once. */
export function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const [, name] = /^#\/\$defs\/(.+)$/.exec(schema.$ref ?? "") ?? [];
  return name === undefined ? schema : (root.$defs?.[name] ?? schema);
}

export function choicesOf(schema: JsonSchema): readonly unknown[] {
  return schema.enum ?? [schema.const];
}

/** An event to begin with: what the schema says is there by itself, and what is required and has one choice. */
export function firstValue(schema: JsonSchema, root: JsonSchema = schema): unknown {
  const own = resolved(schema, root);
  if (own.default !== undefined) return own.default;
  if (own.const !== undefined) return own.const;
  if (own.type !== "object" || own.properties === undefined) return undefined;
  const entries = Object.entries(own.properties)
    .filter(([name]) => own.required?.includes(name) === true)
    .map(([name, part]) => [name, firstValue(part, root)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
