import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { type Coverage, recordCoverage } from "./coverage.ts";
import { stateOf } from "./test-files.ts";
import type { Told } from "./told.ts";

/** What was recorded of one test file. */
interface Known {
  readonly state: string;
  readonly tests: readonly (Told & { readonly reached: readonly string[] })[];
  readonly outside: readonly string[];
  readonly failed: readonly Told[];
}

interface Saved {
  readonly format: typeof FORMAT;
  /** Changes with the sources. */
  readonly sources: string;
  readonly files: Readonly<Record<string, Known>>;
}

export interface CoverageRequest {
  /** The copy of the sources. */
  readonly root: string;
  readonly projects: readonly string[];
  readonly files: readonly string[];
  readonly sources: string;
  /** Where coverage is kept from one run to the next. */
  readonly path: string;
  /** Run those again of which a test has failed. */
  readonly again: boolean;
}

/** Changes with what is saved. */
const FORMAT = 2;
/** Only for a run that never ends: all tests of an adapter took 5 to 14 minutes on a busy machine. */
const LIMIT_MS = 60 * 60_000;

/** Runs each test file without a mutant, unless it was run before and neither it nor the sources have changed. */
export async function knownCoverage(request: CoverageRequest): Promise<Coverage> {
  const { root, projects, files, sources, path, again } = request;
  const saved = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Partial<Saved>) : {};
  const isValid = saved.format === FORMAT && saved.sources === sources;
  const states = new Map(files.map((file) => [file, stateOf(root, file)]));
  const known = new Map(
    Object.entries((isValid ? saved.files : undefined) ?? {}).filter(
      ([file, { state, failed }]) => states.get(file) === state && !(again && failed.length > 0),
    ),
  );
  const missing = files.filter((file) => !known.has(file));
  let ofNoFile: readonly Told[] = [];
  if (missing.length > 0) {
    const found = await recordCoverage({ root, projects, files: missing, limitMs: LIMIT_MS });
    ofNoFile = found.failed.filter(({ file }) => file === "");
    for (const file of missing) {
      const tests = found.tests
        .filter((test) => test.file === file)
        .map((test) => ({ ...test, reached: [...test.reached] }));
      const outside = [...(found.outside.get(file) ?? [])];
      const failed = found.failed.filter((told) => told.file === file);
      known.set(file, { state: states.get(file) ?? "", tests, outside, failed });
    }
    writeFileSync(path, JSON.stringify({ format: FORMAT, sources, files: Object.fromEntries(known) } satisfies Saved));
  }
  return {
    tests: [...known.values()].flatMap(({ tests }) =>
      tests.map((test) => ({ ...test, reached: new Set(test.reached) })),
    ),
    outside: new Map([...known].map(([file, { outside }]) => [file, new Set(outside)])),
    failed: [...[...known.values()].flatMap(({ failed }) => failed), ...ofNoFile],
  };
}
