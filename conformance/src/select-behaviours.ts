import type { Behaviour, Tier } from "./behaviour.ts";
import { behaviours } from "./behaviours/index.ts";
import type { Harness } from "./harness.ts";

/** Which behaviours are run. */
export interface Selection {
  /** `"full"` contains smoke, `"faults"` stands alone, `"all"` is both. @default "full" */
  readonly tier?: Tier | "all" | undefined;
  /** Ids, or groups such as `"ordering"`; whatever the tier. @default all of the tier */
  readonly only?: readonly string[] | undefined;
}

/** @throws TypeError when `only` names nothing that exists */
export function selectBehaviours({ tier = "full", only = [] }: Selection): readonly Behaviour[] {
  if (only.length > 0) {
    const matches = (name: string, { id }: Behaviour): boolean => id === name || id.startsWith(`${name}.`);
    const unknown = only.find((name) => !behaviours.some((behaviour) => matches(name, behaviour)));
    if (unknown !== undefined) {
      throw new TypeError(`no behaviour or group is named ${JSON.stringify(unknown)}; there are ${allIds()}`);
    }
    return behaviours.filter((behaviour) => only.some((name) => matches(name, behaviour)));
  }
  const tiers: Readonly<Record<Tier | "all", readonly Tier[]>> = {
    smoke: ["smoke"],
    full: ["smoke", "full"],
    faults: ["faults"],
    all: ["smoke", "full", "faults"],
  };
  return behaviours.filter((behaviour) => tiers[tier].includes(behaviour.tier));
}

/** A misspelt quirk would excuse nothing, and nobody would notice. @throws TypeError */
export function requireKnownQuirks(harness: Pick<Harness, "name" | "quirks">): void {
  const seen = new Set<string>();
  for (const { test } of harness.quirks) {
    if (!behaviours.some(({ id }) => id === test)) {
      throw new TypeError(
        `harness ${harness.name}: a quirk names ${JSON.stringify(test)}, which is no behaviour; there are ${allIds()}`,
      );
    }
    if (seen.has(test)) throw new TypeError(`harness ${harness.name}: two quirks name ${JSON.stringify(test)}`);
    seen.add(test);
  }
}

const allIds = (): string => behaviours.map(({ id }) => id).join(", ");
