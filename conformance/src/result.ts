import type { Behaviour } from "./behaviour.ts";
import type { Quirk } from "./harness.ts";

/**
 * `"proven"`: ran and passed. `"failed"`. `"quirk"`: excused by a quirk of this implementation, and indeed failed.
 * `"stale-quirk"`: excused, but passed; counts as failed. `"not-applicable"`: by the adapter's capabilities.
 * `"unproven"`: the harness lacks a facility that it needs, and says why.
 */
export type Outcome = "proven" | "failed" | "quirk" | "stale-quirk" | "not-applicable" | "unproven";

/** How one behaviour ended. */
export interface BehaviourResult {
  readonly id: string;
  readonly outcome: Outcome;
  readonly durationMs: number;
  /** What went wrong, or the reason for not running. */
  readonly detail?: string;
  readonly quirk?: Quirk;
}

/** The results of one run of the suite for one adapter on one implementation of its broker. Plain JSON data. */
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

/** Whether a result fails the run. */
export function isFailure({ outcome }: BehaviourResult): boolean {
  return outcome === "failed" || outcome === "stale-quirk";
}

/** `47/47 proven, 1 quirk`: how many of the applicable behaviours are proven, and anything else worth knowing. */
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

/** A result as one line of text. */
export function headline(behaviour: Behaviour, result: BehaviourResult): string {
  const seconds = (result.durationMs / 1000).toFixed(1);
  const reason = result.quirk?.reason ?? result.detail?.split("\n", 1)[0] ?? "";
  const because = result.outcome === "proven" || reason === "" ? "" : `: ${reason}`;
  return `${result.outcome.padEnd(14)} ${behaviour.id} (${seconds} s)${because}`;
}
