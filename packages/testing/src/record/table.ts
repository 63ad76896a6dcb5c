import { inspect } from "node:util";

const LONGEST_CELL = 60;

/** A value on one line, shortened. */
export function oneLine(value: unknown): string {
  const text = typeof value === "string" ? value : inspect(value, { breakLength: Number.POSITIVE_INFINITY, depth: 4 });
  const flat = text.replaceAll(/\s+/g, " ");
  return flat.length <= LONGEST_CELL ? flat : `${flat.slice(0, LONGEST_CELL - 1)}…`;
}

/** Rows as aligned columns under a heading, for the messages of failed tests. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const shown = [columns, ...rows];
  const widths = columns.map((_, column) => Math.max(...shown.map((row) => row[column]?.length ?? 0)));
  const lines = shown.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd(),
  );
  return lines.join("\n");
}

/** `00:10:00.000`: the time since the test began. */
export function elapsed(ms: number): string {
  const whole = Math.round(ms);
  const part = (unit: number, size: number, digits = 2): string =>
    String(Math.floor(whole / unit) % size).padStart(digits, "0");
  const hours = String(Math.floor(whole / 3_600_000)).padStart(2, "0");
  return `${hours}:${part(60_000, 60)}:${part(1000, 60)}.${part(1, 1000, 3)}`;
}
