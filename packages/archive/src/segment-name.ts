import { randomBytes } from "node:crypto";

/** What the name of a segment says. */
export interface SegmentName {
  readonly file: string;
  /** When it was begun, and which process wrote it. */
  readonly order: string;
  /** Unix ms. */
  readonly openedMs: number;
  /** Publish times of the first and last message, in Unix ms. Absent while it is written, and after its process has died. */
  readonly range: { readonly firstMs: number; readonly lastMs: number } | undefined;
}

const STAMP = String.raw`(\d{8}T\d{9}Z)`;
const ORDER = `(${STAMP}-[0-9a-f]{8})`;
const OPEN = new RegExp(`^open_${ORDER}\\.ndjson$`);
const CLOSED = new RegExp(`^${STAMP}_${STAMP}_${ORDER}\\.ndjson$`);

/** A time as all names have it: `20261126T155012345Z`. */
function stampOf(timeMs: number): string {
  return new Date(timeMs).toISOString().replaceAll(/[-:.]/g, "");
}

function timeOf(stamp: string): number {
  const [, year, month, day, hour, minute, second, ms] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z$/.exec(stamp) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
}

export function newOrder(openedMs: number): string {
  return `${stampOf(openedMs)}-${randomBytes(4).toString("hex")}`;
}

export function openName(order: string): string {
  return `open_${order}.ndjson`;
}

export function closedName(order: string, firstMs: number, lastMs: number): string {
  return `${stampOf(firstMs)}_${stampOf(lastMs)}_${order}.ndjson`;
}

/** `undefined` for a file that is no segment: it is left alone. */
export function readName(file: string): SegmentName | undefined {
  const open = OPEN.exec(file);
  if (open !== null) return { file, order: open[1] ?? "", openedMs: timeOf(open[2] ?? ""), range: undefined };
  const [, first, last, order, opened] = CLOSED.exec(file) ?? [];
  if (first === undefined || last === undefined || order === undefined || opened === undefined) return undefined;
  return { file, order, openedMs: timeOf(opened), range: { firstMs: timeOf(first), lastMs: timeOf(last) } };
}
