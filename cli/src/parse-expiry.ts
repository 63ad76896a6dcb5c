import { parseDurationMs } from "./duration.ts";
import { parseTime } from "./parse-time.ts";
import { UsageError } from "./usage-error.ts";

/** The value of `--expires-in` or `--expires-at`; `undefined` when neither is given. @throws UsageError */
export function parseExpiry(inText: string | undefined, atText: string | undefined, nowMs: number): Date | undefined {
  if (inText !== undefined && atText !== undefined) {
    throw new UsageError("--expires-in and --expires-at are both given: must be one of them", "leave out one");
  }
  if (inText !== undefined) return new Date(nowMs + parseDurationMs("expires-in", inText));
  return atText === undefined ? undefined : parseTime("expires-at", atText);
}
