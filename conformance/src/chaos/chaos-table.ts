import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { grouped } from "./read-runs.ts";
import type { ChaosRun } from "./run-chaos.ts";
import type { ChaosNumbers } from "./verdict.ts";
import { BROKER_FAULTS, NETWORK_FAULTS, ORDERLY_STEPS, PROCESS_FAULTS } from "./schedule.ts";

/** Writes a run as JSON, one file for each; those of one adapter are added up in the table. Returns the file's path. */
export async function saveChaosRun(run: ChaosRun, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const seeds = run.results.map(({ schedule }) => schedule.seed);
  const name = [run.adapter, run.implementation, Math.min(...seeds), Math.max(...seeds)].join("-");
  const path = join(folder, `${name.replaceAll(/[^A-Za-z0-9.-]+/g, "-")}.json`);
  await writeFile(path, `${JSON.stringify(run)}\n`);
  return path;
}

/** The chaos runs that were saved as JSON in a folder, by the names of their files. Rejects when the folder or a file cannot be read. */
export async function loadChaosRuns(folder: string): Promise<readonly ChaosRun[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).toSorted();
  return await Promise.all(
    names.map(async (name) => JSON.parse(await readFile(join(folder, name), "utf8")) as ChaosRun),
  );
}

/** One schedule of a run, as far as the table needs it. JSON. */
export interface ChaosRecord {
  readonly adapter: string;
  readonly implementation: string;
  readonly version: string;
  readonly seed: number;
  /** ISO 8601. */
  readonly date: string;
  /** How many violations there were. */
  readonly violations: number;
  readonly numbers: ChaosNumbers;
}

/** What the table needs of a run, one record for each schedule. */
export function chaosRecords(run: ChaosRun): readonly ChaosRecord[] {
  const { adapter, implementation, version, date } = run;
  return run.results.map(({ schedule: { seed }, violations, numbers }) => ({
    adapter,
    implementation,
    version,
    seed,
    date,
    violations: violations.length,
    numbers,
  }));
}

const ROWS = [...NETWORK_FAULTS, ...BROKER_FAULTS, ...PROCESS_FAULTS, ...ORDERLY_STEPS] as const;

/** A table in Markdown, with one column per adapter and implementation. */
export function chaosTable(records: readonly ChaosRecord[]): string {
  const columns = [
    ...grouped(records, ({ adapter, implementation, version }) => `${adapter} (${implementation} ${version})`),
  ];
  const row = (title: string, value: (ofColumn: readonly ChaosRecord[]) => string | number): string =>
    `| ${[title, ...columns.map(([, ofColumn]) => value(ofColumn))].join(" | ")} |`;
  const sum = (title: string, of: (numbers: ChaosNumbers) => number): string =>
    row(title, (ofColumn) => ofColumn.reduce((total, { numbers }) => total + of(numbers), 0));
  const longest = (ofColumn: readonly ChaosRecord[]): string => {
    const times = ofColumn.flatMap(({ numbers }) => numbers.recoveryMs ?? []);
    return times.length === 0 ? "" : `${(Math.max(...times) / 1000).toFixed(1)} s`;
  };
  return [
    `| | ${columns.map(([title]) => title).join(" | ")} |`,
    `| --- |${" ---: |".repeat(columns.length)}`,
    row("schedules", (ofColumn) => ofColumn.length),
    sum("messages accepted", ({ accepted }) => accepted),
    sum("handler runs", ({ runs }) => runs),
    sum("dead letters", ({ deadLetters }) => deadLetters),
    ...ROWS.map((kind) => sum(`\`${kind}\``, ({ steps }) => steps[kind] ?? 0)),
    row("schedules with violations", (ofColumn) => ofColumn.filter(({ violations }) => violations > 0).length),
    row("longest recovery", longest),
    sum("repeats, at-least-once", ({ repeats }) => repeats),
    sum("starts hidden by a known fault of the broker", ({ hiddenStarts }) => hiddenStarts),
    sum("starts of a second copy", ({ copiedStarts }) => copiedStarts),
    sum("second successes, killed before the mark", ({ killedBeforeMark }) => killedBeforeMark),
    sum("second successes, process stood still", ({ stoodStill }) => stoodStill),
    "",
  ].join("\n");
}
