import type { AnyTopic } from "@anytopic/core";

/** A larger one would make no form that a person can use. In characters. */
const MAX_CHARACTERS = 100_000;

interface JsonSchemaTrait {
  readonly "~standard"?: {
    readonly jsonSchema?: { readonly input?: (options: { readonly target: string }) => unknown };
  };
}

/**
 * What a schema says of itself as JSON Schema, by the trait of Standard JSON Schema (https://standardschema.dev/json-schema, read 2026-11-26). zod 4.2
 * and later has it. `null` when it has none, or cannot say: a date has no JSON Schema.
 */
export function jsonSchemaOf({ schema }: AnyTopic): object | null {
  const trait: JsonSchemaTrait | undefined = schema;
  try {
    const said = trait?.["~standard"]?.jsonSchema?.input?.({
      target: "draft-2020-12",
    });
    if (typeof said !== "object" || said === null) return null;
    return JSON.stringify(said).length > MAX_CHARACTERS ? null : said;
  } catch {
    return null;
  }
}
