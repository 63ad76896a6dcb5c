import type { UsageError } from "./usage-error.ts";

/** The hint of an error about an unknown name: the closest known name, if one is close. */
export async function hintOf({ hint, unknown }: UsageError): Promise<string | undefined> {
  if (unknown === undefined) return hint;
  // Loaded only here: most command lines are correct, and must not wait for the configuration's code.
  const { closestName } = await import("@anytopic/core/config");
  const close = closestName(unknown.name, unknown.known);
  if (close === undefined) return hint;
  return `did you mean ${close}?${hint === undefined ? "" : ` ${hint}`}`;
}
