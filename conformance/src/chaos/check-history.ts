import type { Capabilities } from "@anytopic/core";
import type { KnownFaults } from "../harness.ts";
import { attempts } from "./checks/attempts.ts";
import { concurrency } from "./checks/concurrency.ts";
import { earlyDelays } from "./checks/early-delay.ts";
import { closing, health, recovery, recoveryOf, strays } from "./checks/life.ts";
import { damaged, lost } from "./checks/lost.ts";
import { needlessRepeats } from "./checks/needless-repeat.ts";
import { order } from "./checks/order.ts";
import { secondSuccesses } from "./checks/second-success.ts";
import type { HistoryLine } from "./history.ts";
import { linesOf, readRuns } from "./read-runs.ts";
import type { ChaosSchedule, StepKind } from "./schedule.ts";
import type { ChaosNumbers, ChaosViolation } from "./verdict.ts";

/** What the history of a chaos run shows. */
export interface ChaosVerdict {
  readonly violations: readonly ChaosViolation[];
  readonly numbers: ChaosNumbers;
}

/**
 * Judges a history. Pure: it uses only what publishers were told, what handlers saw and when processes ended, never an
 * adapter's own bookkeeping. Topics in the history have the names of the schedule.
 */
export function checkHistory(
  history: readonly HistoryLine[],
  schedule: ChaosSchedule,
  capabilities: Pick<Capabilities, "attempts" | "orderedAttempts">,
  knownFaults: KnownFaults = {},
): ChaosVerdict {
  const named = (of: "ordered" | "exactlyOnce"): ReadonlySet<string> =>
    new Set(schedule.topics.flatMap((topic) => (topic[of] ? [topic.name] : [])));
  const exactlyOnce = named("exactlyOnce");
  const counted = attempts(history, schedule, capabilities, knownFaults);
  const second = secondSuccesses(history, exactlyOnce, schedule.ackDeadlineMs);
  const successes = readRuns(history).filter(({ end }) => end?.how === "ok");
  const atLeastOnce = successes.filter(({ start }) => !exactlyOnce.has(start.topic));
  return {
    violations: [
      ...lost(history),
      ...damaged(history),
      ...second.violations,
      ...needlessRepeats(history, exactlyOnce, schedule.ackDeadlineMs),
      ...order(history, named("ordered")),
      ...counted.violations,
      ...earlyDelays(history, schedule.ackDeadlineMs),
      ...concurrency(history),
      ...recovery(history, schedule),
      ...closing(history),
      ...health(history),
      ...strays(history),
    ],
    numbers: {
      steps: countSteps(history),
      accepted: linesOf(history, "accepted").length,
      runs: linesOf(history, "run").length,
      successes: successes.length,
      repeats: atLeastOnce.length - new Set(atLeastOnce.map(({ start }) => start.id)).size,
      deadLetters: linesOf(history, "dead-letter").length,
      recoveryMs: recoveryOf(history, schedule),
      hiddenStarts: counted.hiddenStarts,
      copiedStarts: counted.copiedStarts,
      killedBeforeMark: second.killedBeforeMark,
      stoodStill: second.stoodStill,
    },
  };
}

function countSteps(history: readonly HistoryLine[]): ChaosNumbers["steps"] {
  const counts: { [Kind in StepKind]?: number } = {};
  for (const { kind } of linesOf(history, "step")) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
