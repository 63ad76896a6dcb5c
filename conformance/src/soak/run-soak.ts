import { abilitiesOf } from "../chaos/abilities.ts";
import type { ChaosWorld } from "../chaos/chaos-world.ts";
import type { HistoryTail } from "../chaos/history-tail.ts";
import { readHistory } from "../chaos/history.ts";
import { runSchedule, type ChaosResult } from "../chaos/run-schedule.ts";
import type { Harness } from "../harness.ts";
import { hold } from "../wait.ts";
import { growths, notFlat, type Growth } from "./flatness.ts";
import { makeSoakSchedule, MINUTE_MS } from "./make-soak-schedule.ts";
import { takeSample } from "./take-sample.ts";

/** What is run, and where its history goes. */
export interface RunSoakOptions {
  /** How many minutes, with one fault in each. */
  readonly minutes: number;
  /** Chooses the faults. */
  readonly seed: number;
  /** How long a "minute" lasts, in ms; shorter in tests. @default 60,000 */
  readonly minuteMs?: number | undefined;
  /** Where the history is kept: 1 to 2 MB a minute. */
  readonly folder: string;
  /** Gets one line for each minute. @default nobody */
  readonly say?: ((line: string) => void) | undefined;
}

/** What came out of one soak. JSON. */
export interface SoakRun {
  readonly adapter: string;
  readonly implementation: string;
  readonly version: string;
  /** ISO 8601. */
  readonly date: string;
  readonly minutes: number;
  readonly seed: number;
  readonly result: ChaosResult;
  readonly growths: readonly Growth[];
}

/** When in a minute publishing pauses, and how long the rest of it is waited for, as parts of a minute. */
const REST_AT = 0.7;
const REST_FOR = 0.2;
/** How much longer the samples may take. */
const SAMPLES_FOR = 0.03;
const POLL_MS = 100;
const REDRIVE_EVERY_MS = 1000;
/**
 * For a broker in this process, whose inbox is measured with it: few enough that the store is full, and so flat, after some minutes. A broker of its
 * own may forget acks that are older.
 */
const MAX_COMPLETED = 2000;
const NEVER = new AbortController().signal;

/** A steady mixed load with one fault a minute. Once a minute everything comes to rest, and every process is measured. */
export async function runSoak(harness: Harness, options: RunSoakOptions): Promise<SoakRun> {
  const { minutes, seed, folder, minuteMs = MINUTE_MS, say = () => undefined } = options;
  const schedule = makeSoakSchedule(seed, abilitiesOf(harness), { minutes, minuteMs });
  const result = await runSchedule(harness, schedule, {
    folder,
    maxCompleted: harness.process === undefined ? MAX_COMPLETED : undefined,
    async beside(world, tail) {
      const startMs = performance.now();
      for (let minute = 0; minute < minutes; minute += 1) {
        await hold(Math.max(0, startMs + (minute + REST_AT) * minuteMs - performance.now()), NEVER);
        const waiting = await rest(world, tail, minuteMs * REST_FOR);
        await measure(world, minute + 1, minuteMs * SAMPLES_FOR);
        for (const handle of world.handles) {
          handle.send({ type: "calm", on: false });
          handle.send({ type: "pause-publishing", on: false });
        }
        say(`minute ${minute + 1}: ${waiting === 0 ? "everything was handled" : `${waiting} messages wait`}`);
      }
    },
  });
  const { name: adapter, implementation, version } = harness;
  const date = new Date().toISOString();
  const grown = result.history === undefined ? [] : growths(await readHistory(result.history));
  return { adapter, implementation, version, date, minutes, seed, result: withGrowth(result, grown), growths: grown };
}

/** Nothing new, no failures, and dead letters go back, until everything accepted was handled. Returns how many messages still wait. */
async function rest(world: ChaosWorld, tail: HistoryTail, limitMs: number): Promise<number> {
  const endMs = performance.now() + limitMs;
  for (const handle of world.handles) {
    handle.send({ type: "pause-publishing", on: true });
    handle.send({ type: "calm", on: true });
  }
  let redriveMs = 0;
  // What is being published is accepted, and then missing.
  await hold(Math.min(10 * POLL_MS, limitMs / 4), NEVER);
  while (tail.missingCount > 0 && performance.now() < endMs) {
    if (performance.now() > redriveMs) {
      redriveMs = performance.now() + REDRIVE_EVERY_MS;
      await Promise.race([world.redrive().catch(() => undefined), hold(endMs - performance.now(), NEVER)]);
    }
    await hold(POLL_MS, NEVER);
  }
  return tail.missingCount;
}

async function measure(world: ChaosWorld, minute: number, waitMs: number): Promise<void> {
  for (const handle of world.handles) handle.send({ type: "sample", minute });
  // A broker in this process, and all its clients, are measured together.
  if (world.harness.process === undefined) world.history.write({ type: "sample", minute, ...(await takeSample()) });
  await hold(waitMs, NEVER);
}

function withGrowth(result: ChaosResult, grown: readonly Growth[]): ChaosResult {
  const violations = notFlat(grown).map(({ process, what, grew, permitted, first, last }) => ({
    check: "flat" as const,
    text: `${process}: ${what} grew by ${Math.round(grew)} in the last half, from ${first} to ${last}; ${Math.round(permitted)} are permitted`,
  }));
  return { ...result, violations: [...result.violations, ...violations] };
}
