import type { HistoryLine } from "./history.ts";

export type LineOf<Type extends HistoryLine["type"]> = Extract<HistoryLine, { type: Type }>;

export function linesOf<Type extends HistoryLine["type"]>(
  history: readonly HistoryLine[],
  type: Type,
): readonly LineOf<Type>[] {
  return history.filter((line): line is LineOf<Type> => line.type === type);
}

/** One run of a handler, from its lines. */
export interface HandlerRun {
  readonly start: LineOf<"run">;
  /** Undefined when its process was killed before, or when it never ended. */
  readonly end: LineOf<"end"> | undefined;
  readonly abort: LineOf<"abort"> | undefined;
}

/** All runs, in the order of their starts. */
export function readRuns(history: readonly HistoryLine[]): readonly HandlerRun[] {
  const key = ({ by, run }: { readonly by: string; readonly run: number }): string => `${by} ${run}`;
  const ends = new Map(linesOf(history, "end").map((line) => [key(line), line]));
  const aborts = new Map(linesOf(history, "abort").map((line) => [key(line), line]));
  return linesOf(history, "run").map((start) => ({ start, end: ends.get(key(start)), abort: aborts.get(key(start)) }));
}

export function grouped<Value>(
  values: readonly Value[],
  keyOf: (value: Value) => string,
): ReadonlyMap<string, readonly Value[]> {
  const groups = new Map<string, Value[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value));
    if (group === undefined) groups.set(keyOf(value), [value]);
    else group.push(value);
  }
  return groups;
}

/** Ids that were published more than once: a repeated publish may have made two messages with one id, each with its own attempts. */
export function repeatedIds(history: readonly HistoryLine[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { id } of linesOf(history, "publish")) (seen.has(id) ? repeated : seen).add(id);
  return repeated;
}

/** When each id was first sent back from the dead-letter queue. From then on it is a new message: attempts and order begin again. */
export function redrivenAt(history: readonly HistoryLine[]): ReadonlyMap<string, number> {
  const atMs = new Map<string, number>();
  for (const line of linesOf(history, "redriven")) if (!atMs.has(line.id)) atMs.set(line.id, line.atMs);
  return atMs;
}

/** When each process was killed by a fault. */
export function killedAt(history: readonly HistoryLine[]): ReadonlyMap<string, number> {
  return new Map(
    linesOf(history, "gone").flatMap((line) => (line.why === "killed" ? [[line.process, line.atMs]] : [])),
  );
}
