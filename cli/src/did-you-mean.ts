import type { UsageError } from "./usage-error.ts";

/** The hint of an error about an unknown name, with the known name that is close to it, if one is. */
export async function hintOf({ hint, unknown }: UsageError): Promise<string | undefined> {
  if (unknown === undefined) return hint;
  // Only now: most command lines are right, and need not wait for the configuration's code.
  const { closestName } = await import("@anytopic/core/config");
  const close = closestName(unknown.name, unknown.known);
  if (close === undefined) return hint;
  return `did you mean ${close}?${hint === undefined ? "" : ` ${hint}`}`;
}
