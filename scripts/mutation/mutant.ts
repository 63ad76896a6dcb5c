import { hash } from "node:crypto";

/** One change of the sources. */
export interface Mutant {
  /** 8 characters, the same as long as the place and the change are the same. */
  readonly id: string;
  /** By which it is switched on in the instrumented file. */
  readonly switch: string;
  /** Relative to the root. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** What the instrumenter calls this kind of change. */
  readonly kind: string;
  readonly original: string;
  readonly replacement: string;
}

export interface Place {
  /** From 0, as the column. */
  readonly line: number;
  readonly column: number;
}

/** The text between two places. */
export function textBetween(lines: readonly string[], start: Place, end: Place): string {
  const picked = lines.slice(start.line, end.line + 1);
  const last = picked.length - 1;
  return picked
    .map((text, index) => text.slice(index === 0 ? start.column : 0, index === last ? end.column : undefined))
    .join("\n");
}

export function mutantId(file: string, start: Place, original: string, replacement: string): string {
  const place = `${file} ${start.line} ${start.column}`;
  return hash("sha256", `${place}\n${original}\n${replacement}`, "hex").slice(0, 8);
}

/** The change as the two sides of a diff, of which only the first lines are shown. */
export function shownChange({ file, line, kind, original, replacement }: Mutant, most = 12): string {
  const side = (sign: string, text: string): string => {
    const all = text.split("\n");
    const more = all.length > most ? [`${sign} … ${all.length - most} more lines`] : [];
    return [...all.slice(0, most).map((one) => `${sign} ${one}`), ...more].join("\n");
  };
  return `${file}:${line} ${kind}\n${side("-", original)}\n${side("+", replacement)}`;
}
