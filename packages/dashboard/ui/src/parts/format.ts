/** `12,345`; a dash for what nobody knows. */
export function shownCount(count: number | null | undefined): string {
  return count === null || count === undefined ? "–" : Math.round(count).toLocaleString("en-US");
}

/** `0.4 ms`, `850 ms`, `12 s`, `3 min`, `5 h`, `2 days`; a dash for what nobody knows. */
export function shownDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1000) return `${rounded(ms)} ms`;
  const steps = [
    [1000, 60, "s"],
    [60_000, 60, "min"],
    [3_600_000, 48, "h"],
  ] as const;
  for (const [unitMs, most, unit] of steps) if (ms < unitMs * most) return `${rounded(ms / unitMs)} ${unit}`;
  return `${Math.round(ms / 86_400_000)} days`;
}

/** `1 topic`, `2 topics`. */
export function counted(count: number, what: string): string {
  return `${shownCount(count)} ${what}${count === 1 ? "" : "s"}`;
}

/** `0`, `0.4`, `12`, `3,400`: so many a minute. */
export function shownRate(perMin: number | null | undefined): string {
  if (perMin === null || perMin === undefined) return "–";
  return perMin > 0 && perMin < 10 ? String(Math.max(0.1, Math.round(perMin * 10) / 10)) : shownCount(perMin);
}

/** `512 B`, `1.2 KiB`, `3 MiB`. */
export function shownBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${rounded(bytes / 1024)} KiB`;
  return `${rounded(bytes / 1024 ** 2)} MiB`;
}

/** `2026-11-26 18:20:05`, in the visitor's time zone. */
export function shownTime(time: string | number | null | undefined): string {
  if (time === null || time === undefined) return "–";
  const date = new Date(time);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replace("T", " ");
}

function rounded(value: number): string {
  return value < 10 ? String(Math.round(value * 10) / 10) : String(Math.round(value));
}
