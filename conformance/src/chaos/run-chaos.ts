import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Harness } from "../harness.ts";
import { abilitiesOf } from "./abilities.ts";
import { makeSchedule } from "./make-schedule.ts";
import { runSchedule, type ChaosResult } from "./run-schedule.ts";
import { describeSchedule, type ChaosSchedule } from "./schedule.ts";
import { shrinkSchedule } from "./shrink.ts";

/** How `runChaos` runs. */
export interface RunChaosOptions {
  /** How many schedules; their seeds count up from `seed`. */
  readonly schedules: number;
  /** The seed of the first schedule. */
  readonly seed: number;
  /** Runs this schedule, `schedules` times, instead of making some. @default schedules that it makes */
  readonly schedule?: ChaosSchedule | undefined;
  /** @default 20 to 40 s, by the seed */
  readonly durationMs?: number | undefined;
  /** How long a smaller schedule is looked for when one fails, in ms. @default 0: not at all */
  readonly shrinkMs?: number | undefined;
  /** A saboteur of the suite, by its name. @default none */
  readonly saboteur?: string | undefined;
  /** Where failing schedules and all histories are kept. @default a temporary folder, for what failed */
  readonly folder?: string | undefined;
  /** Gets the progress, line by line. @default nobody */
  readonly say?: ((line: string) => void) | undefined;
  /** The beginning of the command that repeats a schedule. */
  readonly command: string;
}

/** What came out of several schedules, for the table; JSON. */
export interface ChaosRun {
  readonly adapter: string;
  readonly implementation: string;
  readonly version: string;
  /** ISO 8601. */
  readonly date: string;
  readonly results: readonly ChaosResult[];
}

/** Runs schedules one after the other. Says what each violated, and how to repeat it. */
export async function runChaos(harness: Harness, options: RunChaosOptions): Promise<ChaosRun> {
  const { say = () => undefined, saboteur } = options;
  const results: ChaosResult[] = [];
  const folder = options.folder === undefined ? undefined : join(options.folder, "histories");
  if (folder !== undefined) await mkdir(folder, { recursive: true });
  for (let index = 0; index < options.schedules; index += 1) {
    const seed = options.seed + index;
    const { durationMs } = options;
    const schedule = options.schedule ?? makeSchedule(seed, abilitiesOf(harness), { durationMs });
    const startMs = performance.now();
    const result = await runSchedule(harness, schedule, { saboteur, folder });
    results.push(result);
    say(headline(result, performance.now() - startMs));
    if (result.violations.length > 0) await reportFailure(harness, result, options);
  }
  const { name: adapter, implementation, version } = harness;
  return { adapter, implementation, version, date: new Date().toISOString(), results };
}

function headline({ schedule, numbers, violations }: ChaosResult, tookMs: number): string {
  const { accepted, runs, repeats, deadLetters, recoveryMs, killedBeforeMark, stoodStill } = numbers;
  const parts = [
    `seed ${schedule.seed} (${Math.round(tookMs / 1000)} s): ${schedule.steps.length} steps`,
    `${accepted} accepted, ${runs} runs, ${repeats} repeats, ${deadLetters} dead letters`,
    ...(recoveryMs === undefined ? [] : [`recovered in ${(recoveryMs / 1000).toFixed(1)} s`]),
    ...(killedBeforeMark + stoodStill > 0
      ? [`${killedBeforeMark + stoodStill} second successes that C21 leaves open`]
      : []),
    violations.length === 0 ? "nothing violated" : `${violations.length} VIOLATIONS`,
  ];
  return parts.join(", ");
}

const SHOWN_VIOLATIONS = 12;

async function reportFailure(harness: Harness, failed: ChaosResult, options: RunChaosOptions): Promise<void> {
  const { say = () => undefined, saboteur, shrinkMs = 0 } = options;
  const folder = join(options.folder ?? (await mkdtemp(join(tmpdir(), "anytopic-chaos-"))), "failed");
  await mkdir(folder, { recursive: true });
  for (const { check, text } of failed.violations.slice(0, SHOWN_VIOLATIONS)) say(`  ${check}: ${text}`);
  if (failed.violations.length > SHOWN_VIOLATIONS) say(`  and ${failed.violations.length - SHOWN_VIOLATIONS} more`);
  const checks = new Set(failed.violations.map(({ check }) => check));
  const smallest = await shrinkSchedule(failed.schedule, {
    budgetMs: shrinkMs,
    async stillFails(candidate) {
      const { violations } = await runSchedule(harness, candidate, { saboteur });
      const same = violations.some(({ check }) => checks.has(check));
      say(
        `  ${candidate.steps.length} steps, ${candidate.processes.length} processes: ${same ? "still fails" : "passes"}`,
      );
      return same;
    },
  });
  const file = join(folder, `${harness.name}-${smallest.seed}.json`);
  await writeFile(file, `${JSON.stringify(smallest, undefined, 2)}\n`);
  say(describeSchedule(smallest).replaceAll(/^/gm, "  "));
  if (failed.history !== undefined) say(`  history: ${failed.history}`);
  const also = saboteur === undefined ? "" : ` --saboteur ${saboteur}`;
  say(`  repeat it: ${options.command} --schedule ${file}${also}`);
}
