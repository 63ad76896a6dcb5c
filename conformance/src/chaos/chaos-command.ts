import { resolve } from "node:path";
import type { Harness } from "../harness.ts";
import { saboteurs } from "../saboteurs/index.ts";
import { saveChaosRun } from "./chaos-table.ts";
import { readSchedule } from "./read-schedule.ts";
import { runChaos } from "./run-chaos.ts";

/** For the options of `--tier chaos`; they follow those of the suite. */
export const CHAOS_USAGE = `
With --tier chaos:
  --schedules <n>      how many schedules, with the seeds from --seed on (default 10)
  --schedule <file>    runs a saved schedule, --schedules times, instead of making some
  --duration-ms <n>    how long each lasts (default 20 to 40 s)
  --shrink-ms <n>      how long a smaller schedule is looked for when one fails (default 0)
  --saboteur <name>    uses an adapter that is wrong on purpose
  --save <folder>      keeps the results for the table, the histories, and the schedules that failed`;

export const CHAOS_OPTIONS = {
  schedules: { type: "string" },
  schedule: { type: "string" },
  "duration-ms": { type: "string" },
  "shrink-ms": { type: "string" },
  saboteur: { type: "string" },
  save: { type: "string" },
} as const;

export interface ChaosCommandOptions {
  readonly schedules: number;
  readonly seed: number;
  readonly schedule: string | undefined;
  readonly durationMs: number | undefined;
  readonly shrinkMs: number | undefined;
  readonly saboteur: string | undefined;
  readonly save: string | undefined;
}

/** Returns the exit code: 1 when something was violated. */
export async function chaosCommand(
  harness: Harness,
  adapter: string,
  options: ChaosCommandOptions,
  say: (line: string) => unknown,
): Promise<number> {
  const { schedule: file, saboteur, save, ...rest } = options;
  if (saboteur !== undefined && !saboteurs.some(({ name }) => name === saboteur))
    throw new Error(
      `--saboteur is ${JSON.stringify(saboteur)}: must be one of ${saboteurs.map(({ name }) => name).join(", ")}`,
    );
  const schedule = file === undefined ? undefined : await readSchedule(resolve(file));
  const run = await runChaos(harness, {
    ...rest,
    schedule,
    saboteur,
    folder: save === undefined ? undefined : resolve(save),
    say: (line) => void say(line),
    command: `anytopic-conformance --tier chaos --adapter ${adapter}`,
  });
  if (save !== undefined) say(`saved: ${await saveChaosRun(run, resolve(save))}`);
  const failed = run.results.filter(({ violations }) => violations.length > 0).length;
  say(`${harness.name}: ${run.results.length - failed} of ${run.results.length} schedules violated nothing`);
  return failed > 0 ? 1 : 0;
}
