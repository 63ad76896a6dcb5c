import { Violation } from "./violation.ts";
import type { Harness } from "./harness.ts";
import { isFailure, type BehaviourResult, type ConformanceRun } from "./result.ts";
import { resultWithoutRunning, runBehaviour, type RunBehaviourOptions } from "./run-behaviour.ts";
import { conformanceRun, randomSeed } from "./run-conformance.ts";
import { saveRun } from "./save-run.ts";
import { requireKnownQuirks, selectBehaviours, type Selection } from "./select-behaviours.ts";

/** The `test` function of vitest or node:test. */
export type TestFunction = (
  name: string,
  options: { readonly timeout: number; readonly concurrent: boolean; readonly skip: boolean },
  run: () => Promise<void>,
) => unknown;

/** How `registerConformance` registers the behaviours with a test runner. */
export interface RegisterOptions extends Selection, Omit<RunBehaviourOptions, "seed"> {
  /** Repeats the random choices of an earlier run. @default a new one */
  readonly seed?: number | undefined;
}

/** The runner's timeout must be longer than the suite's: the suite times each behaviour itself, from its real start. */
const RUNNER_TIMEOUT_MS = 3_600_000;

/**
 * Registers each behaviour as one test of the caller's runner. Those that do not apply are registered as skipped with
 * their reason. Returns a function that returns the results so far. With `ANYTOPIC_CONFORMANCE_RUNS` in the
 * environment they are also saved to that folder, for the matrix.
 *
 * @throws TypeError when a quirk or `only` names a behaviour that does not exist
 */
export function registerConformance(
  test: TestFunction,
  harness: Harness,
  options: RegisterOptions = {},
): () => ConformanceRun {
  requireKnownQuirks(harness);
  const seed = options.seed ?? randomSeed();
  const results: BehaviourResult[] = [];
  const save = savingTo(process.env["ANYTOPIC_CONFORMANCE_RUNS"], () => conformanceRun(harness, seed, results));
  const turns = new Turns(harness.parallelism ?? 4);
  const column = `${harness.name} on ${harness.implementation} ${harness.version}`;
  for (const behaviour of selectBehaviours(options)) {
    const known = resultWithoutRunning(behaviour, harness);
    const skip = known !== undefined && !isFailure(known);
    if (skip) results.push(known);
    const quirk = harness.quirks.find(({ test: id }) => id === behaviour.id);
    const note = quirk === undefined ? known?.detail : `${quirk.kind} quirk: ${quirk.reason}`;
    const name = `${behaviour.id}: ${behaviour.title}${note === undefined ? "" : ` [${note}]`}`;
    test(`${column}: ${name}`, { timeout: RUNNER_TIMEOUT_MS, concurrent: !behaviour.exclusive, skip }, async () => {
      const result = await turns.take(() => runBehaviour(behaviour, harness, { ...options, seed }));
      results.push(result);
      await save();
      if (isFailure(result)) throw new Violation(`${behaviour.id}: ${result.detail ?? result.outcome}`);
    });
  }
  return () => conformanceRun(harness, seed, results);
}

/** Saves the results so far, one call after the other; does nothing without a folder. */
function savingTo(folder: string | undefined, found: () => ConformanceRun): () => Promise<unknown> {
  if (folder === undefined || folder === "") return () => Promise.resolve();
  let saved: Promise<unknown> = Promise.resolve();
  return () => (saved = saved.then(() => saveRun(found(), folder)));
}

/** Admits a number of callers at a time, first come, first served. */
class Turns {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
