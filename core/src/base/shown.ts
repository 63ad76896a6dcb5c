import { inspect } from "node:util";
import { kindOf } from "./wrong-argument.ts";

/**
 * A value as it may stand in an error: short, on one line, long strings cut. Of an object only its kind: where one is out
 * of place it may be an event, or hold a secret.
 */
export function shown(value: unknown): string {
  if ((typeof value === "object" && value !== null) || typeof value === "function") return kindOf(value);
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY, maxStringLength: 80 });
}
