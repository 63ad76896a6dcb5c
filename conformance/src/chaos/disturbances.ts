import type { HistoryLine } from "./history.ts";
import { linesOf } from "./read-runs.ts";

/** How long after a fault something may still be a consequence of it, besides a lease, in ms. */
const AFTERMATH_MS = 5000;

/** Asks whether anything disturbed the time between two moments: a fault, a close, a standstill, a lost lease. */
export function disturbedBetween(
  history: readonly HistoryLine[],
  ackDeadlineMs: number,
): (fromMs: number, toMs: number) => boolean {
  const overs = new Map(linesOf(history, "step-over").map(({ step, atMs }) => [step, atMs]));
  const afterMs = ackDeadlineMs + AFTERMATH_MS;
  const times: readonly (readonly [fromMs: number, toMs: number])[] = [
    ...linesOf(history, "step")
      // Every time is measured by the monotonic clock, so a wall clock that is set is no excuse.
      .filter(({ kind }) => kind !== "set-clock" && kind !== "redrive")
      .map(({ step, atMs }) => [atMs, (overs.get(step) ?? Infinity) + afterMs] as const),
    // A shorter one delays a renewal, and no lease is lost for that.
    ...linesOf(history, "standstill")
      .filter(({ forMs }) => forMs > ackDeadlineMs / 3)
      .map(({ atMs, forMs }) => [atMs - forMs, atMs + afterMs] as const),
    ...linesOf(history, "lease-lost").map(({ atMs }) => [atMs - ackDeadlineMs, atMs + ackDeadlineMs] as const),
    ...linesOf(history, "closing").map(({ atMs }) => [atMs, atMs + afterMs] as const),
  ];
  return (fromMs, toMs) => times.some(([beganMs, endedMs]) => beganMs < toMs && endedMs > fromMs);
}
