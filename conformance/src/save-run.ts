import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ConformanceRun } from "./result.ts";

/**
 * Writes a run as JSON for the matrix, one file per adapter, implementation and version. Results of behaviours that
 * this run did not include (another tier) are kept from the existing file. Returns the file's path.
 */
export async function saveRun(run: ConformanceRun, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const name = [run.adapter, run.implementation, run.version].join("-").replaceAll(/[^A-Za-z0-9.-]+/g, "-");
  const path = join(folder, `${name}.json`);
  const before = await readRun(path);
  const have = new Set(run.results.map(({ id }) => id));
  const results = [...(before?.results ?? []).filter(({ id }) => !have.has(id)), ...run.results];
  await writeFile(path, `${JSON.stringify({ ...run, results }, undefined, 2)}\n`);
  return path;
}

/** The runs of the suite that were saved as JSON in a folder, by the names of their files. Rejects when the folder cannot be read. */
export async function loadRuns(folder: string): Promise<readonly ConformanceRun[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).toSorted();
  const runs = await Promise.all(names.map((name) => readRun(join(folder, name))));
  return runs.filter((run) => run !== undefined);
}

async function readRun(path: string): Promise<ConformanceRun | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as ConformanceRun;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
