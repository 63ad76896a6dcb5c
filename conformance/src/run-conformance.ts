import type { Behaviour } from "./behaviour.ts";
import type { Harness } from "./harness.ts";
import type { BehaviourResult, ConformanceRun } from "./result.ts";
import { runBehaviour, type RunBehaviourOptions } from "./run-behaviour.ts";
import { requireKnownQuirks, selectBehaviours, type Selection } from "./select-behaviours.ts";

/** How `runConformance` runs. */
export interface RunOptions extends Selection, Omit<RunBehaviourOptions, "seed"> {
  /** Repeats the random choices of an earlier run. @default a new one */
  readonly seed?: number | undefined;
  /** Called for each behaviour when it ends. @default none */
  readonly report?: ((behaviour: Behaviour, result: BehaviourResult) => void) | undefined;
}

const DEFAULT_PARALLELISM = 4;

/**
 * Runs the suite on an adapter, without any test runner. Resolves with a result for each selected behaviour, in the
 * order of the catalogue; rejects only when the harness itself is wrong (unknown quirk, unknown id in `only`).
 */
export async function runConformance(harness: Harness, options: RunOptions = {}): Promise<ConformanceRun> {
  requireKnownQuirks(harness);
  const selected = selectBehaviours(options);
  const seed = options.seed ?? randomSeed();
  const results = new Map<string, BehaviourResult>();
  const run = async (behaviour: Behaviour): Promise<void> => {
    if (options.signal?.aborted) return;
    const result = await runBehaviour(behaviour, harness, { ...options, seed });
    results.set(behaviour.id, result);
    options.report?.(behaviour, result);
  };
  const waiting = selected.filter(({ exclusive }) => !exclusive);
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(next);
  };
  await Promise.all(Array.from({ length: harness.parallelism ?? DEFAULT_PARALLELISM }, lane));
  for (const behaviour of selected) if (behaviour.exclusive) await run(behaviour);
  return conformanceRun(
    harness,
    seed,
    selected.flatMap(({ id }) => results.get(id) ?? []),
  );
}

export function conformanceRun(harness: Harness, seed: number, results: readonly BehaviourResult[]): ConformanceRun {
  const { name: adapter, implementation, version } = harness;
  return { adapter, implementation, version, date: new Date().toISOString(), seed, results };
}

export function randomSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}
