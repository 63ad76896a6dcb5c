import { PubSubError } from "@anytopic/core";

/** Longer names are cut. */
const MAX_LENGTH = 80;

/** What stands for all others where there are too many, as in the conventions of OpenTelemetry. */
export const OTHER = "_OTHER";

/** The kind of an error, never its text: its code, the name of its class, or the type of what was thrown. */
export function errorType(error: unknown): string {
  if (error instanceof PubSubError) return error.code;
  const name: unknown = error instanceof Error ? error.name : typeof error;
  return typeof name === "string" && name !== "" ? name.slice(0, MAX_LENGTH) : OTHER;
}
