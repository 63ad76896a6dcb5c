import { isDemanded } from "../faults/faults.ts";
import { openTestPubSub } from "../open-test-pub-sub.ts";
import { table } from "../record/table.ts";
import type { TestPubSub } from "../test-pub-sub.ts";
import type { TestPubSubOptions } from "../test-pub-sub-options.ts";
import { DrawnFaults, FAULT_KINDS, type FaultKind, keyOfFault, type MetFault, uniform } from "./drawn-faults.ts";

/** How `explore` looks for an order of events that fails. */
export interface ExploreOptions extends Omit<TestPubSubOptions, "random"> {
  /** How many schedules of faults are tried; from 1. @default 100 */
  readonly runs?: number | undefined;
  /** The first run has this seed, the next one that plus 1, and so on. A failure names the seed of its run: with it and `runs: 1` it happens again. @default 1 */
  readonly seed?: number | undefined;
  /** How probable each kind of fault is for each message, from 0 to 1. @default 0.1 */
  readonly rate?: number | undefined;
  /** Which faults happen. @default all kinds */
  readonly faults?: readonly FaultKind[] | undefined;
  /** What must hold when everything is settled. Throws when it does not. @default the scenario checks by itself */
  readonly check?: ((kit: TestPubSub) => void | Promise<void>) | undefined;
}

/** What one run was. */
interface Run {
  readonly faults: readonly MetFault[];
  /** What broke; `undefined` when nothing did. */
  readonly broken: { readonly error: unknown; readonly timeline: string } | undefined;
}

/** What `explore` has tried. */
export interface Explored {
  readonly runs: number;
  /** How many faults happened in all runs together. When it is 0, the scenario was not tested. */
  readonly faults: number;
}

/**
 * Runs a scenario again and again, each time with other faults of the kinds that a production broker has, and then checks that what must
 * hold still holds. `scenario` opens the workers and publishes; then everything runs to quiescence, and `check` is called. A publish
 * that fails rejects to the scenario as to any caller: a scenario that does not catch it ends there, and that breaks nothing.
 *
 * Rejects with the first run that breaks something: its seed, and its faults, without those that the failure does not need. A run
 * depends on its seed alone, as far as the scenario does not depend on real time or random numbers.
 *
 * @throws TypeError when an option is not allowed
 */
export async function explore(
  scenario: (kit: TestPubSub) => void | Promise<void>,
  options: ExploreOptions = {},
): Promise<Explored> {
  const { runs = 100, seed = 1, rate = 0.1, faults = FAULT_KINDS, check, ...kitOptions } = options;
  if (!(Number.isInteger(runs) && runs >= 1)) throw new TypeError(`runs is ${runs}: must be a whole number from 1`);
  if (!Number.isSafeInteger(seed)) throw new TypeError(`seed is ${seed}: must be a whole number`);
  if (!(rate >= 0 && rate <= 1)) throw new TypeError(`rate is ${rate}: must be a number from 0 to 1`);
  const unknown = faults.find((fault) => !FAULT_KINDS.includes(fault));
  if (unknown !== undefined) {
    throw new TypeError(`faults has ${JSON.stringify(unknown)}: known are ${FAULT_KINDS.join(", ")}`);
  }
  const kinds = new Set(faults);
  let met = 0;
  for (let run = 0; run < runs; run += 1) {
    const runSeed = seed + run;
    const once = (only?: ReadonlySet<string>): Promise<Run> =>
      runOnce(scenario, check, { ...kitOptions, random: jitter(runSeed) }, { seed: runSeed, rate, kinds, only });
    // oxlint-disable-next-line no-await-in-loop -- the first that breaks counts
    const first = await once();
    met += first.faults.length;
    // oxlint-disable-next-line no-await-in-loop -- ends the loop
    if (first.broken !== undefined) throw failure(runSeed, await shrunk(first, once));
  }
  return { runs, faults: met };
}

/** Leaves out one fault after the other, as long as the run still breaks. */
async function shrunk(broken: Run, once: (only: ReadonlySet<string>) => Promise<Run>): Promise<Run> {
  let smallest = broken;
  for (const key of broken.faults.map(keyOfFault)) {
    const keys = smallest.faults.map(keyOfFault);
    if (!keys.includes(key)) continue;
    // oxlint-disable-next-line no-await-in-loop -- each depends on the one before
    const tried = await once(new Set(keys.filter((kept) => kept !== key)));
    if (tried.broken !== undefined) smallest = tried;
  }
  return smallest;
}

async function runOnce(
  scenario: (kit: TestPubSub) => void | Promise<void>,
  check: ExploreOptions["check"],
  options: TestPubSubOptions,
  drawing: Omit<ConstructorParameters<typeof DrawnFaults>[0], "met">,
): Promise<Run> {
  const faults: MetFault[] = [];
  const drawn = new DrawnFaults({ ...drawing, met: (fault) => faults.push(fault) });
  const kit = await openTestPubSub("explore", options, { drawn });
  let broken: Run["broken"];
  try {
    await toleratingDemanded(kit.during(Promise.resolve(kit).then(scenario)));
    await kit.runToQuiescence();
    await check?.(kit);
  } catch (error) {
    broken = { error, timeline: kit.timeline() };
  }
  await kit.close().catch((error: unknown) => (broken ??= { error, timeline: kit.timeline() }));
  return { faults, broken };
}

async function toleratingDemanded(running: Promise<void>): Promise<void> {
  try {
    await running;
  } catch (error) {
    if (!isDemanded(error)) throw error;
  }
}

function failure(seed: number, { faults, broken }: Run): Error {
  const { error, timeline } = broken as NonNullable<Run["broken"]>;
  const rows = faults.map(({ fault, where, id, attempt }) => [fault, where, id, String(attempt)]);
  const list =
    rows.length === 0
      ? "  none: the scenario breaks without any fault"
      : table(["fault", "where", "message", "attempt"], rows);
  const message = error instanceof Error ? error.message : String(error);
  return new Error(
    `seed ${seed} breaks it: ${message}\n\nfaults that this needs:\n${list}\n\n${timeline}\n\n` +
      `to repeat it: explore(scenario, { seed: ${seed}, runs: 1 })`,
    { cause: error },
  );
}

/** Jitter, drawn by the seed. */
function jitter(seed: number): () => number {
  let drawn = 0;
  return () => uniform(`jitter ${seed} ${(drawn += 1)}`);
}
