import type { SeekOptions } from "@anytopic/core";
import { parseDurationMs } from "./duration.ts";
import { UsageError } from "./usage-error.ts";

/** With a zone: `2026-11-26T14:00Z` means another time on every machine without one. */
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Reads `--to`: `beginning`, `end`, a time, or how long ago. @throws UsageError */
export function parsePosition(text: string | undefined, nowMs: number): SeekOptions["to"] {
  if (text === "beginning" || text === "end") return text;
  if (text === undefined) throw wrong("--to is missing");
  if (/^\d+(?:\.\d+)?[a-z]+$/.test(text)) return new Date(nowMs - parseDurationMs("to", text));
  const time = new Date(TIME.test(text) ? text : Number.NaN);
  if (Number.isNaN(time.getTime())) throw wrong(`--to is ${JSON.stringify(text)}`);
  if (time.getTime() > nowMs) throw wrong(`--to is ${text}, which is in the future`);
  return time;
}

function wrong(what: string): UsageError {
  return new UsageError(
    `${what}: must be beginning, end, a time with its zone, or how long ago`,
    "for example --to 2026-11-26T14:00:00Z, --to 2h or --to end",
  );
}
