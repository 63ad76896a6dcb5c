import type { HistoryLine } from "../history.ts";
import { grouped, linesOf, readRuns, repeatedIds } from "../read-runs.ts";
import type { ChaosViolation } from "../verdict.ts";

/** How long after a fault something may still be a consequence of it, in ms. */
const AFTERMATH_MS = 5000;
/** Two readings of one clock in two processes, in ms. */
const TOLERANCE_MS = 2;

/**
 * A retry is not earlier than its delay. Only where nothing disturbed it between the failure and the next run: a worker
 * that loses its connection, or ends, cannot keep a delay, and its message is redelivered at once.
 */
export function earlyDelays(history: readonly HistoryLine[], ackDeadlineMs: number): readonly ChaosViolation[] {
  const repeated = repeatedIds(history);
  const disturbed = disturbances(history, ackDeadlineMs);
  const retries = grouped(linesOf(history, "retry"), (line) => `${line.by} ${line.id} ${line.attempt}`);
  return [...grouped(readRuns(history), ({ start }) => start.id)].flatMap(([id, ofId]) => {
    if (repeated.has(id)) return [];
    return ofId.flatMap(({ start, end }, index): ChaosViolation[] => {
      const next = ofId[index + 1]?.start;
      if (next === undefined || end === undefined || next.atMs < end.atMs || end.how === "ok") return [];
      // A redriven message has the same attempts again: this failure's retry is the first one after it.
      const ofAttempt = retries.get(`${start.by} ${id} ${start.attempt}`) ?? [];
      const retry = ofAttempt.find(({ atMs }) => atMs >= end.atMs && atMs < next.atMs);
      if (retry === undefined) return [];
      const afterMs = next.atMs - retry.atMs;
      if (afterMs >= retry.delayMs - TOLERANCE_MS) return [];
      if (disturbed.some(([fromMs, toMs]) => fromMs < next.atMs && toMs > start.atMs)) return [];
      return [
        {
          check: "early-delay",
          text: `topic ${start.topic}: ${id} was to wait ${Math.round(retry.delayMs)} ms after attempt ${start.attempt} in ${start.by}, and started in ${next.by} after ${Math.round(afterMs)} ms`,
        },
      ];
    });
  });
}

function disturbances(history: readonly HistoryLine[], ackDeadlineMs: number): readonly (readonly [number, number])[] {
  const overs = new Map(linesOf(history, "step-over").map(({ step, atMs }) => [step, atMs]));
  return [
    ...linesOf(history, "step")
      .filter(({ kind }) => kind !== "set-clock")
      .map(({ step, atMs }) => [atMs, (overs.get(step) ?? Infinity) + ackDeadlineMs + AFTERMATH_MS] as const),
    ...linesOf(history, "standstill").map(({ atMs, forMs }) => [atMs - forMs, atMs + ackDeadlineMs + AFTERMATH_MS] as const),
    ...linesOf(history, "lease-lost").map(({ atMs }) => [atMs - ackDeadlineMs, atMs + ackDeadlineMs] as const),
    ...linesOf(history, "closing").map(({ atMs }) => [atMs, atMs + ackDeadlineMs + AFTERMATH_MS] as const),
  ];
}
