import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runTests } from "./run-tests.ts";
import { keyOf, type Told } from "./told.ts";

/** What the tests of one file have reached, by the switches of the mutants. */
export interface FileCoverage {
  readonly file: string;
  /** Reached outside of tests: while modules were loaded, or by timers and sockets that no single test owns. */
  readonly outside: readonly string[];
  readonly tests: readonly { readonly names: readonly string[]; readonly reached: readonly string[] }[];
}

/** A test that passes without a mutant, and what it reaches. */
export interface Test extends Told {
  readonly reached: ReadonlySet<string>;
}

export interface Coverage {
  readonly tests: readonly Test[];
  /** By test file. */
  readonly outside: ReadonlyMap<string, ReadonlySet<string>>;
  /** Tests that fail without a mutant. They cannot tell anything. */
  readonly failed: readonly Told[];
}

export interface Request {
  readonly root: string;
  readonly projects: readonly string[];
  readonly files: readonly string[];
  readonly limitMs: number;
}

/** Runs the test files once without a mutant. */
export async function recordCoverage({ root, projects, files, limitMs }: Request): Promise<Coverage> {
  const folder = join(root, "node_modules/.mutation");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { tests, output, timedOut } = await runTests({
    root,
    projects,
    files,
    coverage: folder,
    limitMs,
    stopAtFailure: false,
  });
  if (tests.length === 0 || timedOut) throw new Error(`no tests could be run:\n${output}`);
  const found = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as FileCoverage);
  const reached = new Map(
    found.flatMap(({ file, tests: all }) =>
      all.map((one) => [keyOf({ file, names: one.names }), new Set(one.reached)]),
    ),
  );
  return {
    tests: tests
      .filter(({ state }) => state === "passed")
      .map((told) => ({ ...told, reached: reached.get(keyOf(told)) ?? new Set<string>() })),
    outside: new Map(found.map(({ file, outside }) => [file, new Set(outside)])),
    failed: tests.filter(({ state }) => state === "failed"),
  };
}
