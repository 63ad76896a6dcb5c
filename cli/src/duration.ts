import { UsageError } from "./usage-error.ts";

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Reads `90s`, `15m`, `1h`, `2d`, `500ms`. @throws UsageError */
export function parseDurationMs(option: string, text: string): number {
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|min|h|d)$/.exec(text) ?? [];
  const unitMs = UNITS_MS[unit];
  if (unitMs === undefined) {
    throw new UsageError(
      `--${option} is ${JSON.stringify(text)}: must be a number with a unit`,
      "for example 30s, 15m, 1h or 2d",
    );
  }
  return Number(digits) * unitMs;
}

/** Rounded, for people: `3 d`, `2 h`, `5 min`, `12 s`. */
export function shownDuration(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  if (ms >= 172_800_000) return `${Math.floor(ms / 86_400_000)} d`;
  if (ms >= 7_200_000) return `${Math.floor(ms / 3_600_000)} h`;
  if (ms >= 120_000) return `${Math.floor(ms / 60_000)} min`;
  return `${Math.floor(ms / 1000)} s`;
}
