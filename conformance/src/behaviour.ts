import type { Capabilities } from "@anytopic/core";
import type { Context } from "./context.ts";
import type { Facility, Harness } from "./harness.ts";

/**
 * `"smoke"`: the most important quick behaviours of every row, under 30 s for an adapter. `"full"`: everything that a
 * healthy broker can show, smoke included. `"faults"`: what needs a killed broker or a cut connection; these run one
 * at a time.
 */
export type Tier = "smoke" | "full" | "faults";

/** A statement of the contract, `"C1"`, `"C2"`, …, see `contract.ts`. */
export type Statement = `C${number}`;

/**
 * A facility of the harness. `"restart"`: its broker control, on an implementation that keeps its state. `"freeze"`:
 * a broker control that can freeze the broker for a while.
 */
export type Need = Facility | "restart" | "freeze";

/** One thing that every adapter does, and the test that proves it. */
export interface Behaviour {
  /** `group.name`; stable: quirks and results refer to it. */
  readonly id: string;
  /** Rows of the behaviour catalogue, 1 to 50. */
  readonly rows: readonly number[];
  /** What it proves, in part. */
  readonly statements: readonly Statement[];
  /** A sentence that is true of a correct adapter. */
  readonly title: string;
  readonly tier: Tier;
  /** What the harness must have in addition to an adapter. */
  readonly needs: readonly Need[];
  /** Why it does not apply to an adapter with these capabilities; `undefined` when it applies. */
  readonly requires: (capabilities: Capabilities, harness: Harness) => string | undefined;
  /** After this time it has failed, in ms. */
  readonly timeoutMs: number;
  /** Runs alone, whatever its tier. */
  readonly exclusive: boolean;
  readonly run: (context: Context) => Promise<void>;
  /** Why no saboteur can make it fail: a sentence that names a test which fails when the code that decides it is wrong. */
  readonly withoutSaboteur?: string | undefined;
}

/** A behaviour of the suite, for `behaviour`. */
export interface BehaviourOptions extends Pick<Behaviour, "id" | "rows" | "statements" | "title" | "tier" | "run"> {
  /** What it needs of the harness. @default nothing */
  readonly needs?: readonly Need[] | undefined;
  /** Why an adapter with these capabilities cannot run it; `undefined`: it can. @default every adapter can */
  readonly requires?: Behaviour["requires"] | undefined;
  /** @default 120,000; 240,000 for faults */
  readonly timeoutMs?: number | undefined;
  /** @default true for faults */
  readonly exclusive?: boolean | undefined;
  /** Why no saboteur breaks it. @default a saboteur does */
  readonly withoutSaboteur?: string | undefined;
}

/** A behaviour with all defaults, frozen. */
export function behaviour(options: BehaviourOptions): Behaviour {
  const faults = options.tier === "faults";
  return Object.freeze({
    ...options,
    needs: options.needs ?? [],
    requires: options.requires ?? (() => undefined),
    timeoutMs: options.timeoutMs ?? (faults ? 240_000 : 120_000),
    exclusive: options.exclusive ?? faults,
  });
}

/** Why a behaviour about a broker outside this process does not apply to one inside it. */
export function outsideThisProcess(capabilities: Capabilities): string | undefined {
  return capabilities.durability === "process"
    ? 'durability "process": there is no broker or connection apart from the process'
    : undefined;
}

/** Why a behaviour about ordering keys does not apply. */
export function ordered(capabilities: Capabilities): string | undefined {
  return capabilities.ordering === "per-key" ? undefined : 'ordering "none": refused, see ordering.refused';
}

/** Why a behaviour about exactly-once does not apply. */
export function exactlyOnce(capabilities: Capabilities): string | undefined {
  return capabilities.exactlyOnce === "none" ? 'exactlyOnce "none": refused, see exactly-once.refused' : undefined;
}

/** Why a behaviour about expiring leases does not apply. */
export function leased(capabilities: Capabilities): string | undefined {
  return capabilities.lease === "renewable" ? undefined : 'lease "connection": a delivery never expires on its own';
}
