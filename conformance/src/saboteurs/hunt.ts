import { behaviours } from "../behaviours/index.ts";
import type { Harness } from "../harness.ts";
import type { BehaviourResult } from "../result.ts";
import { runBehaviour } from "../run-behaviour.ts";
import type { Saboteur } from "./saboteur.ts";

const SABOTAGED_MODULE = new URL(
  `./sabotaged-process-adapter.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
  import.meta.url,
).href;

/** The same harness with sabotaged adapters, in this process and in others. */
export function sabotaged(harness: Harness, saboteur: Saboteur): Harness {
  const adapter: Harness["adapter"] = (request) => saboteur.sabotage(harness.adapter(request), harness);
  const { process, unreachable } = harness;
  return {
    ...harness,
    adapter,
    capabilities: adapter().capabilities,
    quirks: [],
    ...(process === undefined
      ? {}
      : {
          process: (request) => ({ module: SABOTAGED_MODULE, args: { ...process(request), saboteur: saboteur.name } }),
        }),
    ...(unreachable === undefined
      ? {}
      : { unreachable: { ...unreachable, adapter: () => saboteur.sabotage(unreachable.adapter(), harness) } }),
  };
}

/** Whether the behaviour has caught the saboteur, and for the right reason. */
export function isCaught({ killedBy: [plainest], says }: Saboteur, { id, outcome, detail }: BehaviourResult): boolean {
  return outcome === "failed" && (id !== plainest || says === undefined || detail?.includes(says) === true);
}

/**
 * Runs the behaviours that must catch this saboteur. The suite is correct if `isCaught` holds for all of them; `seed` repeats a run.
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
