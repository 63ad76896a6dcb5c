import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Harness } from "../harness.ts";
import { runSoak, type SoakRun } from "./run-soak.ts";

/** For the options of `--tier soak`; they follow those of the suite. */
export const SOAK_USAGE = `
With --tier soak:
  --minutes <n>        how long (default 60)
  --minute-ms <n>      how long a minute is (default 60000)
  --save <folder>      keeps the history and the numbers (default soak-runs)`;

export const SOAK_OPTIONS = { minutes: { type: "string" }, "minute-ms": { type: "string" } } as const;

export interface SoakCommandOptions {
  readonly minutes: number;
  readonly minuteMs: number | undefined;
  readonly seed: number;
  readonly save: string | undefined;
}

/** Returns the exit code: 1 when something was violated, or was not flat. */
export async function soakCommand(
  harness: Harness,
  options: SoakCommandOptions,
  say: (line: string) => unknown,
): Promise<number> {
  const folder = resolve(options.save ?? "soak-runs");
  await mkdir(join(folder, "histories"), { recursive: true });
  const run = await runSoak(harness, { ...options, folder: join(folder, "histories"), say: (line) => void say(line) });
  const file = join(
    folder,
    `${[run.adapter, run.implementation, run.minutes, run.seed].join("-").replaceAll(/[^\w.-]+/g, "-")}.json`,
  );
  await writeFile(file, `${JSON.stringify(run)}\n`);
  for (const line of soakSummary(run)) say(line);
  say(`saved: ${file}`);
  return run.result.violations.length > 0 ? 1 : 0;
}

const SHOWN_VIOLATIONS = 12;

function soakSummary({ adapter, minutes, result, growths }: SoakRun): readonly string[] {
  const { accepted, runs, deadLetters } = result.numbers;
  return [
    ...result.violations.slice(0, SHOWN_VIOLATIONS).map(({ check, text }) => `  ${check}: ${text}`),
    ...growths.map(
      ({ process, what, first, last, grew, permitted }) =>
        `  ${process} ${what}: ${first} to ${last}, grew by ${Math.round(grew)} of ${Math.round(permitted)}`,
    ),
    `${adapter}: ${minutes} minutes, ${accepted} accepted, ${runs} runs, ${deadLetters} dead letters, ${result.violations.length} violations`,
  ];
}
