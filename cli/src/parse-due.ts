import { parseDurationMs } from "./duration.ts";
import { parseTime } from "./parse-time.ts";
import { UsageError } from "./usage-error.ts";

/** The value of `--delay` or `--deliver-at`; `undefined` when neither is given. @throws UsageError */
export function parseDue(
  delay: string | undefined,
  deliverAt: string | undefined,
): { readonly delayMs?: number; readonly deliverAt?: Date } | undefined {
  if (delay !== undefined && deliverAt !== undefined) {
    throw new UsageError("--delay and --deliver-at are both given: must be one of them", "leave out one");
  }
  if (delay !== undefined) return { delayMs: Math.ceil(parseDurationMs("delay", delay)) };
  return deliverAt === undefined ? undefined : { deliverAt: parseTime("deliver-at", deliverAt) };
}
