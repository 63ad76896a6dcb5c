import type { HistoryLine } from "../history.ts";
import { grouped, killedAt, linesOf, readRuns, type HandlerRun } from "../read-runs.ts";
import type { ChaosViolation } from "../verdict.ts";

export interface SecondSuccesses {
  readonly violations: readonly ChaosViolation[];
  readonly killedBeforeMark: number;
  readonly stoodStill: number;
}

/**
 * Exactly-once: no second success, with two exceptions that are counted. The process of the first success was killed
 * before the inbox had its mark. Or a handler ran on although its claim had expired, because its process stood still.
 */
export function secondSuccesses(
  history: readonly HistoryLine[],
  exactlyOnce: ReadonlySet<string>,
  claimMs: number,
): SecondSuccesses {
  const killed = killedAt(history);
  const marks = new Map<string, number>();
  for (const { id, atMs } of linesOf(history, "mark")) if (!marks.has(id)) marks.set(id, atMs);
  const standstills = linesOf(history, "standstill");
  const stood = ({ start, end }: HandlerRun): boolean => {
    const stoppedMs = standstills
      .filter(
        ({ by, atMs, forMs }) =>
          (by === start.by || by === "chaos") && atMs - forMs < (end?.atMs ?? 0) && atMs > start.atMs,
      )
      .map(({ forMs }) => forMs);
    // The inbox lives in the process that runs the schedule.
    // A claim is renewed every third of its length, so it can expire after two thirds.
    return Math.max(0, ...stoppedMs) > (claimMs * 2) / 3;
  };
  const violations: ChaosViolation[] = [];
  let killedBeforeMark = 0;
  let stoodStill = 0;
  const successes = readRuns(history).filter(({ start, end }) => end?.how === "ok" && exactlyOnce.has(start.topic));
  for (const [id, runs] of grouped(successes, ({ start }) => start.id)) {
    const inOrder = runs.toSorted((a, b) => (a.end?.atMs ?? 0) - (b.end?.atMs ?? 0));
    for (const [index, second] of inOrder.slice(1).entries()) {
      const before = inOrder.slice(0, index + 1);
      const unmarked = before.every(({ start }) => {
        const killedMs = killed.get(start.by);
        return killedMs !== undefined && (marks.get(id) ?? Infinity) > killedMs;
      });
      if (unmarked) killedBeforeMark += 1;
      else if (stood(second) || before.some(stood)) stoodStill += 1;
      else {
        const first = before[0];
        violations.push({
          check: "second-success",
          text: `topic ${second.start.topic}: ${id} succeeded at ${shownAt(first)} and again at ${shownAt(second)}`,
        });
      }
    }
  }
  return { violations, killedBeforeMark, stoodStill };
}

const shownAt = (run: HandlerRun | undefined): string =>
  `${Math.round(run?.end?.atMs ?? 0)} ms in ${run?.start.by} (attempt ${run?.start.attempt})`;
