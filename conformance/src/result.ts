import type { Behaviour } from "./behaviour.ts";
import type { Quirk } from "./harness.ts";

/**
 * `"proven"`: ran and held. `"failed"`. `"quirk"`: excused by a quirk of this implementation, and indeed does not hold.
 * `"stale-quirk"`: excused, but holds; counts as failed. `"not-applicable"`: by the adapter's capabilities.
 * `"unproven"`: the harness lacks what it takes, and says why.
 */
export type Outcome = "proven" | "failed" | "quirk" | "stale-quirk" | "not-applicable" | "unproven";

export interface BehaviourResult {
  readonly id: string;
  readonly outcome: Outcome;
  readonly durationMs: number;
  /** What went wrong, or the reason for not running. */
  readonly detail?: string;
  readonly quirk?: Quirk;
}

/** What one run of the suite found out about one adapter on one implementation of its broker. JSON as it stands. */
export interface ConformanceRun {
  readonly adapter: string;
  readonly implementation: string;
  readonly version: string;
  /** ISO 8601. */
  readonly date: string;
  /** Repeats the run's random choices: `--seed`. */
  readonly seed: number;
  readonly results: readonly BehaviourResult[];
}

/** Whether a result turns the run red. */
export function isFailure({ outcome }: BehaviourResult): boolean {
  return outcome === "failed" || outcome === "stale-quirk";
}

/** `47/47 proven, 1 quirk`: proven of those that apply, and what else there is to know. */
export function summary(results: readonly BehaviourResult[]): string {
  const count = (outcome: Outcome): number => results.filter((result) => result.outcome === outcome).length;
  const applicable = results.length - count("not-applicable");
  const quirks = count("quirk");
  const parts = [`${count("proven")}/${applicable} proven`, `${quirks} quirk${quirks === 1 ? "" : "s"}`];
  const failed = results.filter(isFailure).length;
  if (failed > 0) parts.push(`${failed} failed`);
  if (count("unproven") > 0) parts.push(`${count("unproven")} unproven`);
  return parts.join(", ");
}

/** How a result is told on one line. */
export function headline(behaviour: Behaviour, result: BehaviourResult): string {
  const seconds = (result.durationMs / 1000).toFixed(1);
  const reason = result.quirk?.reason ?? result.detail?.split("\n", 1)[0] ?? "";
  const because = result.outcome === "proven" || reason === "" ? "" : `: ${reason}`;
  return `${result.outcome.padEnd(14)} ${behaviour.id} (${seconds} s)${because}`;
}
