import type { HistoryLine } from "../history.ts";
import { linesOf, readRuns } from "../read-runs.ts";
import type { ChaosSchedule } from "../schedule.ts";
import type { ChaosViolation } from "../verdict.ts";
import { isFault } from "../schedule.ts";

/** What `close` may take beyond its `timeoutMs`, see C32, in ms. */
const CLOSE_GRACE_MS = 5000;
/** What a loaded machine may add, in ms. */
const LOADED_MACHINE_MS = 1500;

/**
 * The longest that an accepted message waited after the last fault until it was handled with success or dead-lettered for
 * the first time, in ms; its retries are in it. Undefined when there was no fault, or when a message waits for ever. A
 * redrive comes later: what an interrupted one had taken is under a lease of at least 30 s.
 */
export function recoveryOf(history: readonly HistoryLine[], schedule: ChaosSchedule): number | undefined {
  const faults = new Set(schedule.steps.flatMap((step, index) => (isFault(step) ? [index] : [])));
  const overMs = linesOf(history, "step-over").flatMap(({ step, atMs }) => (faults.has(step) ? [atMs] : []));
  const settledMs = new Map<string, number>();
  const note = ({ id }: { readonly id: string }, atMs: number): void => {
    if (!settledMs.has(id)) settledMs.set(id, atMs);
  };
  for (const { start, end } of readRuns(history).toSorted((a, b) => (a.end?.atMs ?? 0) - (b.end?.atMs ?? 0))) {
    if (end?.how === "ok") note(start, end.atMs);
  }
  for (const line of [...linesOf(history, "dead-letter"), ...linesOf(history, "redriven")]) {
    settledMs.set(line.id, Math.min(line.atMs, settledMs.get(line.id) ?? Infinity));
  }
  if (overMs.length === 0) return undefined;
  const lastMs = Math.max(...overMs);
  const waits = linesOf(history, "accepted").map(
    ({ id, atMs }) => (settledMs.get(id) ?? Infinity) - Math.max(atMs, lastMs),
  );
  const longestMs = Math.max(0, ...waits);
  return Number.isFinite(longestMs) ? longestMs : undefined;
}

export function recovery(history: readonly HistoryLine[], schedule: ChaosSchedule): readonly ChaosViolation[] {
  const tookMs = recoveryOf(history, schedule) ?? 0;
  if (tookMs <= schedule.recoveryMs && linesOf(history, "drained").length > 0) return [];
  const what = tookMs > schedule.recoveryMs ? `took ${Math.round(tookMs)} ms` : "never ended";
  return [
    {
      check: "recovery",
      text: `the slowest message after the last fault ${what}; ${schedule.recoveryMs} ms are permitted`,
    },
  ];
}

/** Every close ends within its time limit, not counting the time in which its process stood still. */
export function closing(history: readonly HistoryLine[]): readonly ChaosViolation[] {
  const standstills = linesOf(history, "standstill");
  const killed = new Set(linesOf(history, "gone").flatMap((line) => (line.why === "killed" ? [line.process] : [])));
  return linesOf(history, "closing").flatMap(({ by, what, timeoutMs, atMs }): ChaosViolation[] => {
    const closed = linesOf(history, "closed").find((line) => line.by === by && line.what === what && line.atMs >= atMs);
    if (closed === undefined) {
      return killed.has(by) ? [] : [{ check: "closing", text: `${by}: the close of ${what} never ended` }];
    }
    const stoodMs = standstills
      .filter((line) => line.by === by && line.atMs > atMs && line.atMs - line.forMs < closed.atMs)
      .reduce((sum, { forMs }) => sum + forMs, 0);
    const tookMs = closed.atMs - atMs;
    return tookMs <= timeoutMs + CLOSE_GRACE_MS + LOADED_MACHINE_MS + stoodMs
      ? []
      : [
          {
            check: "closing",
            text: `${by}: the close of ${what} with timeoutMs ${timeoutMs} took ${Math.round(tookMs)} ms`,
          },
        ];
  });
}

/** In the end, every process says that it is up. */
export function health(history: readonly HistoryLine[]): readonly ChaosViolation[] {
  return linesOf(history, "health").flatMap(({ by, status, text }) =>
    status === "up" ? [] : [{ check: "health" as const, text: `${by} said ${status} in the end: ${text}` }],
  );
}

/** No unhandled error, and every process that was told to end did so by itself: nothing kept it alive, and nothing ended it before. */
export function strays(history: readonly HistoryLine[]): readonly ChaosViolation[] {
  return [
    ...linesOf(history, "stray").map(({ by, text }) => ({ check: "stray" as const, text: `${by}: ${text}` })),
    ...linesOf(history, "gone").flatMap(({ process, why, code }): ChaosViolation[] => {
      if (why === "killed" || (why === "asked" && code === 0)) return [];
      if (why === "hung")
        return [{ check: "stray", text: `${process} was closed and did not end: something kept it alive` }];
      return [{ check: "stray", text: `${process} ended ${why === "asked" ? "" : "by itself "}with code ${code}` }];
    }),
  ];
}
