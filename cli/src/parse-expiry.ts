import { parseDurationMs } from "./duration.ts";
import { UsageError } from "./usage-error.ts";

/** With a zone: a time without one would mean another moment on another machine. */
const TIME_WITH_ZONE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** The value of `--expires-in` or `--expires-at`; `undefined` when neither is given. @throws UsageError */
export function parseExpiry(inText: string | undefined, atText: string | undefined, nowMs: number): Date | undefined {
  if (inText !== undefined && atText !== undefined) {
    throw new UsageError("--expires-in and --expires-at are both given: must be one of them", "leave out one");
  }
  if (inText !== undefined) return new Date(nowMs + parseDurationMs("expires-in", inText));
  if (atText === undefined) return undefined;
  const at = TIME_WITH_ZONE.test(atText) ? new Date(atText) : new Date(Number.NaN);
  if (!Number.isNaN(at.getTime())) return at;
  throw new UsageError(
    `--expires-at is ${JSON.stringify(atText)}: must be a time with its zone`,
    "for example 2026-12-01T08:00:00Z or 2026-12-01T09:00+01:00",
  );
}
