import { PubSubError } from "@anytopic/core";
import type { WireFailure } from "./api/numbers.ts";

/** An error for the visitor. The message of an error that is none of ours may contain anything: it is not shown. */
export function wireFailure(error: unknown): WireFailure {
  if (error instanceof PubSubError) return { code: error.code, message: error.message };
  return { code: "UNKNOWN", message: "the broker could not be asked; see the log of the dashboard's process" };
}
