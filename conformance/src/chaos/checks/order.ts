import type { HistoryLine } from "../history.ts";
import { grouped, linesOf, readRuns, redrivenAt, type HandlerRun } from "../read-runs.ts";
import type { ChaosViolation } from "../verdict.ts";

/**
 * For each key: a message starts only when every message of the key that was published before it is settled: handled
 * with success, or dead-lettered. What a message does after it was settled for the first time holds up nobody: a
 * redelivery after a lost acknowledgement, a repeated publish, a redrive.
 */
export function order(history: readonly HistoryLine[], ordered: ReadonlySet<string>): readonly ChaosViolation[] {
  const accepted = new Set(linesOf(history, "accepted").map(({ id }) => id));
  const runs = readRuns(history).filter(({ start }) => ordered.has(start.topic));
  const settledMs = settledAt(history, runs);
  return [...grouped(runs, ({ start }) => `${start.topic} ${start.key}`)].flatMap(([key, ofKey]) => {
    const first = new Map<string, HandlerRun>();
    for (const run of ofKey) if (!first.has(run.start.id)) first.set(run.start.id, run);
    const bySeq = [...first.values()].toSorted((a, b) => a.start.seq - b.start.seq);
    for (const { start } of ofKey) {
      const before = bySeq.find(
        (one) =>
          one.start.seq < start.seq &&
          accepted.has(one.start.id) &&
          (settledMs.get(one.start.id) ?? Infinity) > start.atMs,
      );
      if (before !== undefined) {
        const { id, seq, by } = before.start;
        return [
          {
            check: "order" as const,
            text: `${key}: ${start.seq} (${start.id}) started in ${start.by} at ${Math.round(start.atMs)} ms (attempt ${start.attempt}), before ${seq} (${id}, first started in ${by}) was settled`,
          },
        ];
      }
    }
    return [];
  });
}

/** When each id was settled for the first time. */
function settledAt(history: readonly HistoryLine[], runs: readonly HandlerRun[]): ReadonlyMap<string, number> {
  const settledMs = new Map<string, number>();
  const earliest = (id: string, atMs: number): void => {
    settledMs.set(id, Math.min(atMs, settledMs.get(id) ?? Infinity));
  };
  const redrivenMs = redrivenAt(history);
  for (const { start, end } of runs) if (end?.how === "ok") earliest(start.id, end.atMs);
  for (const { id, atMs } of linesOf(history, "dead-letter")) earliest(id, atMs);
  // A worker that is killed after it has stored a letter cannot say so. Then the letter was stored after the last run
  // before its redrive.
  const lastBefore = new Map<string, number>();
  for (const { start, end } of runs) {
    if (start.atMs < (redrivenMs.get(start.id) ?? 0)) lastBefore.set(start.id, end?.atMs ?? start.atMs);
  }
  for (const [id, atMs] of redrivenMs) earliest(id, lastBefore.get(id) ?? atMs);
  return settledMs;
}
