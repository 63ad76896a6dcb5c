import type { HistoryLine } from "./history.ts";
import { grouped, linesOf } from "./read-runs.ts";

/** How long after a fault something may still be a consequence of it, besides a lease, in ms. */
const AFTERMATH_MS = 5000;

/**
 * When a process stood still for more than a third of a lease within one lease, at once or in pieces, as on a machine with far more work than
 * processors. Less delays a renewal, and no lease is lost for that.
 */
function standingStill(
  history: readonly HistoryLine[],
  ackDeadlineMs: number,
): readonly (readonly [beganMs: number, atMs: number])[] {
  return [...grouped(linesOf(history, "standstill"), ({ by }) => by).values()].flatMap((lines) =>
    lines.flatMap(({ atMs }, index) => {
      const recent = lines.slice(0, index + 1).filter((line) => line.atMs > atMs - ackDeadlineMs);
      const first = recent[0];
      const stoodMs = recent.reduce((sum, { forMs }) => sum + forMs, 0);
      if (first === undefined || stoodMs <= ackDeadlineMs / 3) return [];
      return [[first.atMs - first.forMs, atMs] as const];
    }),
  );
}

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
    ...standingStill(history, ackDeadlineMs).map(([beganMs, atMs]) => [beganMs, atMs + afterMs] as const),
    ...linesOf(history, "lease-lost").map(({ atMs }) => [atMs - ackDeadlineMs, atMs + ackDeadlineMs] as const),
    ...linesOf(history, "closing").map(({ atMs }) => [atMs, atMs + afterMs] as const),
  ];
  return (fromMs, toMs) => times.some(([beganMs, endedMs]) => beganMs < toMs && endedMs > fromMs);
}
