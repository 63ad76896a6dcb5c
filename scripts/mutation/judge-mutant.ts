import type { Coverage } from "./coverage.ts";
import type { Mutant } from "./mutant.ts";
import { planStages } from "./plan-stages.ts";
import { runTests } from "./run-tests.ts";

/** `"unreached"`: no test runs the mutated code. */
export type Verdict = "killed" | "timed-out" | "survived" | "unreached";

export interface Result extends Mutant {
  readonly verdict: Verdict;
  /** The test that failed first. */
  readonly by?: string | undefined;
  /** The first line of what it says. */
  readonly message?: string | undefined;
  readonly durationMs: number;
}

export interface Court {
  /** The copy of the sources. */
  readonly root: string;
  readonly projects: readonly string[];
  readonly mutants: readonly Mutant[];
  readonly coverage: Coverage;
}

/** A stage may take so much longer than without a mutant … */
const SLOWER = 5;
/** … and so much more for the start. Long, since on a busy machine a run that is only slow would count as one that does not end. */
const START_MS = 90_000;

/** Runs the tests that reach the mutant until one of them fails. */
export async function judgeMutant(mutant: Mutant, { root, projects, mutants, coverage }: Court): Promise<Result> {
  const startMs = performance.now();
  const result = (verdict: Verdict, by?: string, message?: string): Result => {
    return { ...mutant, verdict, by, message, durationMs: Math.round(performance.now() - startMs) };
  };
  const stages = planStages(mutant, mutants, coverage);
  if (stages.length === 0) return result("unreached");
  for (const { files, pattern, durationMs } of stages) {
    const { failed, timedOut, tests, output } = await runTests({
      root,
      projects,
      files,
      pattern: pattern === "" ? undefined : pattern,
      active: mutant.switch,
      limitMs: START_MS + SLOWER * durationMs,
      stopAtFailure: true,
    });
    if (failed !== undefined) return result("killed", `${failed.file}: ${failed.names.join(" > ")}`, failed.message);
    if (timedOut) return result("timed-out");
    if (tests.length === 0) throw new Error(`no test ran for ${mutant.id}:\n${output}`);
  }
  return result("survived");
}
