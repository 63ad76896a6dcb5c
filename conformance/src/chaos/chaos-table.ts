import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ChaosRun } from "./run-chaos.ts";
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

const ROWS = [...NETWORK_FAULTS, ...BROKER_FAULTS, ...PROCESS_FAULTS, ...ORDERLY_STEPS] as const;

/** One column per adapter and implementation. */
export function chaosTable(runs: readonly ChaosRun[]): string {
  const columns = new Map<string, ChaosRun[]>();
  for (const run of runs) {
    const column = `${run.adapter} (${run.implementation} ${run.version})`;
    columns.set(column, [...(columns.get(column) ?? []), run]);
  }
  const row = (title: string, value: (results: ChaosRun["results"]) => string | number): string =>
    `| ${[title, ...[...columns.values()].map((ofColumn) => value(ofColumn.flatMap(({ results }) => results)))].join(" | ")} |`;
  const sum = (title: string, of: (result: ChaosRun["results"][number]) => number): string =>
    row(title, (results) => results.reduce((total, result) => total + of(result), 0));
  const longest = (results: ChaosRun["results"]): string => {
    const times = results.flatMap(({ numbers }) => numbers.recoveryMs ?? []);
    return times.length === 0 ? "" : `${(Math.max(...times) / 1000).toFixed(1)} s`;
  };
  return [
    `| | ${[...columns.keys()].join(" | ")} |`,
    `| --- |${" ---: |".repeat(columns.size)}`,
    row("schedules", (results) => results.length),
    sum("messages accepted", ({ numbers }) => numbers.accepted),
    sum("handler runs", ({ numbers }) => numbers.runs),
    sum("dead letters", ({ numbers }) => numbers.deadLetters),
    ...ROWS.map((kind) => sum(`\`${kind}\``, ({ numbers }) => numbers.steps[kind] ?? 0)),
    row("schedules with violations", (results) => results.filter(({ violations }) => violations.length > 0).length),
    row("longest recovery", longest),
    sum("repeats, at-least-once", ({ numbers }) => numbers.repeats),
    sum("starts hidden by a known fault of the broker", ({ numbers }) => numbers.hiddenStarts),
    sum("starts of a second copy", ({ numbers }) => numbers.copiedStarts ?? 0),
    sum("second successes, killed before the mark", ({ numbers }) => numbers.killedBeforeMark),
    sum("second successes, process stood still", ({ numbers }) => numbers.stoodStill),
    "",
  ].join("\n");
}
