import { escapedToken } from "../../../../src/letters/json-text.ts";

type Pairs = readonly (readonly [key: string, value: string])[];

/** Attributes as JSON with one line for each: people edit, and read differences, by lines. */
export function attributeText(pairs: Pairs): string {
  if (pairs.length === 0) return "{}";
  const lines = pairs.map(
    ([key, value]) => `  ${escapedToken(JSON.stringify(key))}: ${escapedToken(JSON.stringify(value))}`,
  );
  return `{\n${lines.join(",\n")}\n}`;
}

/** The attributes of a text that is JSON, or why it has none. A name that is there twice is the last one's, as in JSON. */
export function attributePairs(text: string): Pairs | string {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "attributes must be a JSON object";
  const pairs = Object.entries(value);
  const wrong = pairs.find(([, one]) => typeof one !== "string");
  if (wrong !== undefined) return `the attribute ${JSON.stringify(wrong[0])} must be a text in double quotes`;
  return pairs as [string, string][];
}
