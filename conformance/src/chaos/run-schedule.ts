import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PubSubError } from "@anytopic/core";
import type { Harness } from "../harness.ts";
import { hold } from "../wait.ts";
import { shownError } from "./actor.ts";
import { ChaosWorld } from "./chaos-world.ts";
import { checkHistory } from "./check-history.ts";
import { HistoryTail } from "./history-tail.ts";
import { readHistory } from "./history.ts";
import { performStep } from "./perform-step.ts";
import { grouped } from "./read-runs.ts";
import { laneOf, type ChaosSchedule, type Step } from "./schedule.ts";
import { watchStandstills } from "./standstills.ts";
import type { ChaosNumbers, ChaosViolation } from "./verdict.ts";

/** How one schedule of a chaos run is run. */
export interface RunScheduleOptions {
  /** A saboteur of the suite, by its name. @default none */
  readonly saboteur?: string | undefined;
  /** How much longer than everything else dead letters may take in the end, in ms. @default 60_000: what an interrupted redrive had taken is under a lease of at least 30 s */
  readonly lettersMs?: number | undefined;
  /** Where the history is kept. @default a temporary folder that is removed, unless something was violated */
  readonly folder?: string | undefined;
  /** Runs beside the steps, from their start on. The schedule's end waits for it. @default nothing */
  readonly beside?: ((world: ChaosWorld, tail: HistoryTail) => Promise<void>) | undefined;
  /** How many successes the inbox remembers. @default 100,000 */
  readonly maxCompleted?: number | undefined;
}

/** What came out of one schedule. JSON. */
export interface ChaosResult {
  readonly schedule: ChaosSchedule;
  readonly violations: readonly ChaosViolation[];
  readonly numbers: ChaosNumbers;
  /** The file of the history, where it was kept. */
  readonly history: string | undefined;
}

const READY_WITHIN_MS = 120_000;
const LETTERS_MS = 60_000;
const SETTLE_POLL_MS = 250;
const REDRIVE_EVERY_MS = 1500;
const QUIET_MS = 1000;
const CLOSE_TIMEOUT_MS = 5000;
const NEVER = new AbortController().signal;

/** Runs one schedule against the harness's broker, and judges its history. Rejects only when the run itself is impossible. */
export async function runSchedule(
  harness: Harness,
  schedule: ChaosSchedule,
  options: RunScheduleOptions = {},
): Promise<ChaosResult> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), "anytopic-chaos-")));
  const prefix = `x-${randomBytes(4).toString("hex")}`;
  const historyFile = join(folder, `${harness.name}-${schedule.seed}-${prefix}.jsonl`);
  const { saboteur, maxCompleted, beside } = options;
  const world = new ChaosWorld(harness, schedule, { prefix, historyFile, saboteur, maxCompleted });
  const trouble: ChaosViolation[] = [];
  const tail = new HistoryTail(historyFile);
  const endWatch = watchStandstills((forMs) => world.history.write({ type: "standstill", forMs }));
  try {
    await world.provision();
    await runSteps(world, tail, { trouble, beside });
    await settle(world, tail, trouble, options.lettersMs ?? LETTERS_MS);
  } catch (error) {
    trouble.push({ check: "run", text: shownError(error) });
  } finally {
    endWatch();
    await tail.close();
    await world.close().catch((error: unknown) => trouble.push({ check: "run", text: shownError(error) }));
  }
  const verdict = checkHistory(await readHistory(historyFile), schedule, harness.capabilities, harness.knownFaults);
  // A run that did not come to its end says nothing about the adapter.
  const broken = trouble.filter(({ check }) => check === "run");
  const violations = broken.length > 0 ? broken : [...trouble, ...verdict.violations];
  const kept = options.folder !== undefined || violations.length > 0;
  if (!kept) await rm(folder, { recursive: true, force: true });
  return { schedule, violations, numbers: verdict.numbers, history: kept ? historyFile : undefined };
}

interface RunSteps {
  readonly trouble: ChaosViolation[];
  readonly beside: RunScheduleOptions["beside"];
}

async function runSteps(world: ChaosWorld, tail: HistoryTail, { trouble, beside }: RunSteps): Promise<void> {
  const { processes, steps, durationMs } = world.schedule;
  for (const plan of processes) world.start(plan);
  await inTime(
    world.handles.map((handle) => handle.said("ready")),
    READY_WITHIN_MS,
    () => trouble.push({ check: "run", text: `not every process was ready within ${READY_WITHIN_MS} ms` }),
  );
  const startMs = performance.now();
  const inLane = async (lane: readonly { readonly step: Step; readonly index: number }[]): Promise<void> => {
    for (const { step, index } of lane) {
      // On a loaded machine a step may last longer than planned. What then comes too late is left out.
      const waitMs = step.atMs - (performance.now() - startMs);
      if (waitMs > 0) await hold(waitMs, NEVER);
      if (performance.now() - startMs < durationMs) await performStep(world, step, index);
    }
  };
  const numbered = steps.map((step, index) => ({ step, index }));
  const lanes = grouped(numbered, ({ step }) => laneOf(step));
  const over = new AbortController();
  const following = follow(tail, over.signal);
  await Promise.all([...[...lanes.values()].map(inLane), beside?.(world, tail), hold(durationMs, NEVER)]);
  over.abort();
  await following;
}

async function follow(tail: HistoryTail, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await tail.read();
    await hold(SETTLE_POLL_MS, signal).catch(() => undefined);
  }
}

/** No more faults: everything is handled, everybody is well, and everybody ends. */
async function settle(
  world: ChaosWorld,
  tail: HistoryTail,
  trouble: ChaosViolation[],
  lettersMs: number,
): Promise<void> {
  const { schedule, history } = world;
  history.write({ type: "calm" });
  await inTime(
    world.handles.map((handle) => handle.said("ready")),
    READY_WITHIN_MS,
    () =>
      trouble.push({ check: "recovery", text: `not every process was ready within ${READY_WITHIN_MS} ms in the end` }),
  );
  for (const handle of world.handles) {
    handle.send({ type: "calm" });
    handle.send({ type: "stop-publishing" });
  }
  await inTime(
    world.handles.map((handle) => handle.said("published")),
    schedule.recoveryMs + lettersMs,
    () => trouble.push({ check: "recovery", text: "in the end not everything that was published was accepted" }),
  );
  await drain(world, tail, performance.now() + schedule.recoveryMs + lettersMs);
  const fenced = schedule.topics.some(({ exactlyOnce }) => exactlyOnce);
  await hold(fenced ? schedule.ackDeadlineMs + QUIET_MS : QUIET_MS, NEVER);
  for (const handle of world.handles) handle.send({ type: "say-health" });
  await inTime(
    world.handles.map((handle) => handle.said("health-said")),
    READY_WITHIN_MS,
    () => trouble.push({ check: "health", text: `not every process said how it is within ${READY_WITHIN_MS} ms` }),
  );
  await Promise.all(world.names.map((name) => world.end(name, CLOSE_TIMEOUT_MS)));
}

async function drain(world: ChaosWorld, tail: HistoryTail, endMs: number): Promise<void> {
  let redriveMs = 0;
  for (;;) {
    const missing = await tail.missing();
    if (missing.length === 0) return world.history.write({ type: "drained" });
    if (performance.now() > endMs) return undefined;
    if (performance.now() > redriveMs) {
      await world.redrive().catch((error: unknown) => {
        // Its connection may still be in a pause before it connects again. If it never does, the letters are missing.
        if (error instanceof PubSubError && error.retryable) return;
        world.history.write({ type: "stray", text: `the redrive in the end failed: ${shownError(error)}` });
      });
      redriveMs = performance.now() + REDRIVE_EVERY_MS;
    }
    await hold(SETTLE_POLL_MS, NEVER);
  }
}

async function inTime(all: readonly Promise<unknown>[], limitMs: number, late: () => void): Promise<void> {
  const over = new AbortController();
  const timer = hold(limitMs, over.signal).then(late, () => undefined);
  await Promise.race([Promise.all(all), timer]);
  over.abort();
}
