import { readFile } from "node:fs/promises";
import type { Harness } from "../harness.ts";
import { runSchedule, type RunScheduleOptions } from "./run-schedule.ts";
import { describeSchedule, type ChaosSchedule } from "./schedule.ts";
import type { ChaosNumbers, ChaosViolation } from "./verdict.ts";

const SHOWN_VIOLATIONS = 5;
const SHOWN_LINES = 150;

/**
 * For a test: runs one schedule and returns its numbers.
 *
 * @throws Error when something was violated: with what it was, the schedule, and all that the history says about the messages concerned. The test
 *   may have run on a machine that is gone when somebody reads this.
 */
export async function requireUnharmed(
  harness: Harness,
  schedule: ChaosSchedule,
  options: RunScheduleOptions = {},
): Promise<ChaosNumbers> {
  const { violations, numbers, history } = await runSchedule(harness, schedule, options);
  if (violations.length === 0) return numbers;
  const shown = violations.slice(0, SHOWN_VIOLATIONS);
  const lines = history === undefined ? [] : await linesAbout(shown, history);
  throw new Error(
    [
      `${violations.length} violations:`,
      ...shown.map(({ check, text }) => `  ${check}: ${text}`),
      describeSchedule(schedule),
      `history (${history ?? "not kept"}):`,
      ...lines,
    ].join("\n"),
  );
}

/** The lines of the messages that the violations name, and those that name no message: steps, processes, logs. */
async function linesAbout(violations: readonly ChaosViolation[], history: string): Promise<readonly string[]> {
  const ids = new Set(violations.flatMap(({ text }) => text.match(/x-[0-9a-f]{8}-\S+-\d+/g) ?? []));
  const runs = new Set<string>();
  const runOf = ({ by, run }: { readonly by: string; readonly run?: number }): string => `${by} ${run}`;
  const about: string[] = [];
  for (const line of (await readFile(history, "utf8")).split("\n").slice(0, -1)) {
    const seen = JSON.parse(line) as { readonly by: string; readonly id?: string; readonly run?: number };
    const isOfMessage = seen.id !== undefined && ids.has(seen.id);
    if (isOfMessage && seen.run !== undefined) runs.add(runOf(seen));
    const isOfNone = seen.id === undefined && seen.run === undefined;
    if (isOfMessage || isOfNone || runs.has(runOf(seen))) about.push(line);
  }
  return about.length <= SHOWN_LINES
    ? about
    : [...about.slice(0, SHOWN_LINES), `and ${about.length - SHOWN_LINES} more`];
}
