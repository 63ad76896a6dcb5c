import { UsageError } from "./usage-error.ts";

/** With a zone: a time without one would mean another moment on another machine. */
const TIME_WITH_ZONE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Reads `2026-12-01T08:00:00Z`. @throws UsageError */
export function parseTime(option: string, text: string): Date {
  const time = TIME_WITH_ZONE.test(text) ? new Date(text) : new Date(Number.NaN);
  if (!Number.isNaN(time.getTime())) return time;
  throw new UsageError(
    `--${option} is ${JSON.stringify(text)}: must be a time with its zone`,
    "for example 2026-12-01T08:00:00Z or 2026-12-01T09:00+01:00",
  );
}
