import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Told } from "./told.ts";

export interface TestRun {
  /** The copy of the sources. */
  readonly root: string;
  readonly projects: readonly string[];
  /** Test files, in their order. */
  readonly files: readonly string[];
  /** Of the tests to run. @default all of these files */
  readonly pattern?: string | undefined;
  /** The mutant that is switched on. @default none */
  readonly active?: string | undefined;
  /** Where `record-coverage.ts` writes. @default nowhere */
  readonly coverage?: string | undefined;
  /** The run ends after this time. */
  readonly limitMs: number;
  /** The run ends with the first test that fails. */
  readonly stopAtFailure: boolean;
}

export interface TestsRun {
  readonly tests: readonly Told[];
  readonly failed: Told | undefined;
  readonly timedOut: boolean;
  /** Of vitest, for errors outside of tests. */
  readonly output: string;
}

/** How long brokers of a run that was stopped may take to end. */
const END_MS = 5000;

/** Runs tests in a process group of its own. */
export async function runTests(run: TestRun): Promise<TestsRun> {
  const { root, projects, files, pattern, active, coverage, limitMs, stopAtFailure } = run;
  const args = ["run", "--config", "scripts/mutation/vitest.config.ts"];
  args.push(...projects.flatMap((project) => ["--project", project]));
  if (pattern !== undefined) args.push("--testNamePattern", pattern);
  const child = spawn(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), ...args, ...files], {
    cwd: root,
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    env: {
      ...process.env,
      BROKERS: "native",
      MUTATION_ORDER: JSON.stringify(files),
      ...(active === undefined ? {} : { __STRYKER_ACTIVE_MUTANT__: active }),
      ...(coverage === undefined ? {} : { MUTATION_COVERAGE: coverage }),
    },
  });
  const tests: Told[] = [];
  let failed: Told | undefined;
  let timedOut = false;
  let output = "";
  const end = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  };
  const endAtExit = (): void => end("SIGKILL");
  process.on("exit", endAtExit);
  let killing: NodeJS.Timeout | undefined;
  const stop = (): void => {
    end("SIGTERM");
    killing ??= setTimeout(() => end("SIGKILL"), END_MS);
  };
  const limit = setTimeout(() => {
    timedOut = failed === undefined;
    stop();
  }, limitMs);
  const collect = (chunk: Buffer): void => {
    output = `${output}${chunk.toString("utf8")}`.slice(-10_000);
  };
  child.stdout?.on("data", collect);
  child.stderr?.on("data", collect);
  createInterface(child.stdio[3] as Readable).on("line", (line) => {
    const told = JSON.parse(line) as Told;
    tests.push(told);
    if (told.state !== "failed" || failed !== undefined) return;
    failed = told;
    // Not by `--bail`: that ends the run before it has told which test failed, where others run beside it.
    if (stopAtFailure) stop();
  });
  await new Promise((resolve) => child.on("close", resolve));
  clearTimeout(limit);
  clearTimeout(killing);
  process.off("exit", endAtExit);
  end("SIGKILL");
  return { tests, failed, timedOut, output };
}
