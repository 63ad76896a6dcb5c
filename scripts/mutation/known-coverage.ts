import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { type Coverage, recordCoverage } from "./coverage.ts";
import { stateOf } from "./test-files.ts";
import type { Told } from "./told.ts";

/** What was recorded of one test file. */
interface Known {
  readonly state: string;
  readonly tests: readonly (Told & { readonly reached: readonly string[] })[];
  readonly outside: readonly string[];
}

interface Saved {
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
}

const LIMIT_MS = 20 * 60_000;

/** Runs each test file without a mutant, unless it was run before and neither it nor the sources have changed. */
export async function knownCoverage({ root, projects, files, sources, path }: CoverageRequest): Promise<Coverage> {
  const saved: Saved = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Saved) : { sources, files: {} };
  const states = new Map(files.map((file) => [file, stateOf(root, file)]));
  const known = new Map(
    Object.entries(saved.sources === sources ? saved.files : {}).filter(
      ([file, { state }]) => states.get(file) === state,
    ),
  );
  const missing = files.filter((file) => !known.has(file));
  let failed: readonly Told[] = [];
  if (missing.length > 0) {
    const found = await recordCoverage({ root, projects, files: missing, limitMs: LIMIT_MS });
    ({ failed } = found);
    for (const file of missing) {
      const tests = found.tests
        .filter((test) => test.file === file)
        .map((test) => ({ ...test, reached: [...test.reached] }));
      known.set(file, { state: states.get(file) ?? "", tests, outside: [...(found.outside.get(file) ?? [])] });
    }
    writeFileSync(path, JSON.stringify({ sources, files: Object.fromEntries(known) } satisfies Saved));
  }
  return {
    tests: [...known.values()].flatMap(({ tests }) =>
      tests.map((test) => ({ ...test, reached: new Set(test.reached) })),
    ),
    outside: new Map([...known].map(([file, { outside }]) => [file, new Set(outside)])),
    failed,
  };
}
