import { behaviours } from "../behaviours/index.ts";
import type { Harness } from "../harness.ts";
import type { BehaviourResult } from "../result.ts";
import { runBehaviour } from "../run-behaviour.ts";
import type { Saboteur } from "./saboteur.ts";

/** The same harness with sabotaged adapters. */
export function sabotaged(harness: Harness, saboteur: Saboteur): Harness {
  const adapter: Harness["adapter"] = (request) => saboteur.sabotage(harness.adapter(request));
  return { ...harness, adapter, capabilities: adapter().capabilities, quirks: [] };
}

/**
 * Runs the behaviours that must catch this saboteur. The suite is correct if all of them fail; `seed` repeats a run.
 */
export function killers(harness: Harness, saboteur: Saboteur, seed: number): Promise<readonly BehaviourResult[]> {
  const broken = sabotaged(harness, saboteur);
  return Promise.all(
    saboteur.killedBy.map((id) => {
      const behaviour = behaviours.find((one) => one.id === id);
      if (behaviour === undefined) throw new TypeError(`saboteur ${saboteur.name}: ${id} is no behaviour`);
      return runBehaviour(behaviour, broken, { seed });
    }),
  );
}
