import { disturbedBetween } from "../disturbances.ts";
import type { HistoryLine } from "../history.ts";
import { grouped, linesOf, readRuns, repeatedIds } from "../read-runs.ts";
import type { ChaosViolation } from "../verdict.ts";

/** Two readings of one clock in two processes, in ms. */
const TOLERANCE_MS = 2;

/**
 * A retry is not earlier than its delay. Only where nothing disturbed it between the failure and the next run: a worker
 * that loses its connection, or ends, cannot keep a delay, and its message is redelivered at once.
 */
export function earlyDelays(history: readonly HistoryLine[], ackDeadlineMs: number): readonly ChaosViolation[] {
  const repeated = repeatedIds(history);
  const disturbed = disturbedBetween(history, ackDeadlineMs);
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
      const afterMs = next.atMs - end.atMs;
      if (afterMs >= retry.delayMs - TOLERANCE_MS) return [];
      if (disturbed(start.atMs, next.atMs)) return [];
      return [
        {
          check: "early-delay",
          text: `topic ${start.topic}: ${id} was to wait ${Math.round(retry.delayMs)} ms after attempt ${start.attempt} in ${start.by}, and started in ${next.by} after ${Math.round(afterMs)} ms`,
        },
      ];
    });
  });
}
