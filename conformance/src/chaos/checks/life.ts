import type { HistoryLine } from "../history.ts";
import { linesOf } from "../read-runs.ts";
import type { ChaosSchedule } from "../schedule.ts";
import type { ChaosViolation } from "../verdict.ts";
import { isFault } from "../schedule.ts";

/** What `close` may take beyond its `timeoutMs`, see C32, in ms. */
const CLOSE_GRACE_MS = 5000;
/** What a loaded machine may add, in ms. */
const LOADED_MACHINE_MS = 1500;

/**
 * The longest time after the last fault in which no handler ended, although accepted messages of its topic were waiting, in
 * ms. Undefined when there was no fault. How long a backlog takes once it moves depends on the machine, and is not in it.
 */
export function recoveryOf(history: readonly HistoryLine[], schedule: ChaosSchedule): number | undefined {
  const faults = new Set(schedule.steps.flatMap((step, index) => (isFault(step) ? [index] : [])));
  const overMs = linesOf(history, "step-over").flatMap(({ step, atMs }) => (faults.has(step) ? [atMs] : []));
  if (overMs.length === 0) return undefined;
  // A fault that ends a process is over when its successor can begin to work.
  const fromMs = Math.max(...overMs, ...linesOf(history, "loaded").map(({ atMs }) => atMs));
  return Math.max(0, ...schedule.topics.map(({ name }) => longestGap(history, name, fromMs)));
}

/** Of one topic. A message waits from its acceptance until its first success or letter; a redriven one waits no more. */
function longestGap(history: readonly HistoryLine[], topic: string, fromMs: number): number {
  const runs = new Map<string, string>();
  const waiting = new Set<string>();
  const settled = new Set<string>();
  let movedMs = fromMs;
  let longestMs = 0;
  const moved = (atMs: number): void => {
    if (waiting.size > 0) longestMs = Math.max(longestMs, atMs - Math.max(movedMs, fromMs));
    movedMs = atMs;
  };
  const settle = (id: string): void => {
    settled.add(id);
    waiting.delete(id);
  };
  for (const line of history) {
    if (line.type === "run" && line.topic === topic) runs.set(`${line.by} ${line.run}`, line.id);
    const id = line.type === "end" ? runs.get(`${line.by} ${line.run}`) : undefined;
    if (line.type === "accepted" && line.topic === topic && !settled.has(line.id)) {
      if (waiting.size === 0) movedMs = line.atMs;
      waiting.add(line.id);
    } else if (line.type === "end" && id !== undefined) {
      moved(line.atMs);
      if (line.how === "ok") settle(id);
    } else if ((line.type === "dead-letter" || line.type === "redriven") && line.topic === topic) {
      moved(line.atMs);
      settle(line.id);
    }
  }
  return longestMs;
}

export function recovery(history: readonly HistoryLine[], schedule: ChaosSchedule): readonly ChaosViolation[] {
  const { recoveryMs } = schedule;
  const violations: ChaosViolation[] = [];
  const gapMs = recoveryOf(history, schedule) ?? 0;
  if (gapMs > recoveryMs) {
    const text = `after the last fault a topic with waiting messages stood still for ${Math.round(gapMs)} ms; ${recoveryMs} ms are permitted`;
    violations.push({ check: "recovery", text });
  }
  if (linesOf(history, "drained").length === 0) {
    violations.push({ check: "recovery", text: "not everything accepted was handled in the end" });
  }
  return violations;
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
  const loaded = new Set(linesOf(history, "loaded").map(({ by }) => by));
  return [
    ...linesOf(history, "stray").map(({ by, text }) => ({ check: "stray" as const, text: `${by}: ${text}` })),
    ...linesOf(history, "gone").flatMap(({ process, why, code }): ChaosViolation[] => {
      if (why === "killed" || (why === "asked" && code === 0)) return [];
      // Its machine did not come to run its program: nothing of the adapter was in it.
      if (why === "hung" && !loaded.has(process)) return [];
      if (why === "hung")
        return [{ check: "stray", text: `${process} was closed and did not end: something kept it alive` }];
      return [{ check: "stray", text: `${process} ended ${why === "asked" ? "" : "by itself "}with code ${code}` }];
    }),
  ];
}
