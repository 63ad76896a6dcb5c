import { parseDurationMs } from "./duration.ts";
import { parseTime } from "./parse-time.ts";

/** Reads a time with its zone, or how long ago: `2h`. `undefined` when it is not given. @throws UsageError */
export function parseMoment(option: string, text: string | undefined, nowMs: number): Date | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+(?:\.\d+)?[a-z]+$/.test(text)) return parseTime(option, text);
  // Longer ago than there are times is from the beginning.
  return new Date(Math.max(0, nowMs - parseDurationMs(option, text)));
}
