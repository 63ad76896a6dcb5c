import { type ChaosAbilities, makeSchedule, makeStep } from "../chaos/make-schedule.ts";
import {
  BROKER_FAULTS,
  NETWORK_FAULTS,
  type ChaosSchedule,
  type ProcessPlan,
  type PublishPlan,
  type Step,
  type StepKind,
  type WorkPlan,
} from "../chaos/schedule.ts";
import { seededRandom, seedOf, type Random } from "../random.ts";

/** How long a soak lasts. */
export interface SoakScheduleOptions {
  /** How many minutes, with one fault in each. */
  readonly minutes: number;
  /** How long a "minute" lasts, in ms; shorter in tests. @default 60,000 */
  readonly minuteMs?: number | undefined;
}

export const MINUTE_MS = 60_000;
/** Parts of a minute. In the rest everything comes to rest, and the processes are measured. */
const FAULT_BETWEEN = [0.1, 0.35] as const;
const REDRIVE_AT = 0.6;
/** This process is killed and ended by faults. The others live from the beginning to the end, and are measured. */
const MORTAL = "w3";
const OF_MORTALS: ReadonlySet<StepKind> = new Set(["kill", "end-process"]);
const OF_PROCESSES: ReadonlySet<StepKind> = new Set([
  "kill",
  "stop",
  "block",
  "set-clock",
  "close-worker",
  "end-process",
]);

/** A schedule of a steady, mixed load with one fault a minute. The same seed and abilities give the same schedule. */
export function makeSoakSchedule(
  seed: number,
  abilities: ChaosAbilities,
  { minutes, minuteMs = MINUTE_MS }: SoakScheduleOptions,
): ChaosSchedule {
  const random = seededRandom(seedOf("soak", seed));
  const base = makeSchedule(seed, abilities, { durationMs: minutes * minuteMs });
  const { ordering, exactlyOnce } = abilities.capabilities;
  const topics = (ordering === "per-key" ? [false, true] : [false]).flatMap((ordered) =>
    (exactlyOnce === "none" ? [false] : [false, true]).map((once) => ({
      name: `${ordered ? "ordered" : "plain"}-${once ? "once" : "least"}`,
      ordered,
      exactlyOnce: once,
    })),
  );
  const processes = soakProcesses(topics.map(({ name }) => name));
  const { ackDeadlineMs } = base;
  const steps = soakSteps(random, { minutes, minuteMs, ackDeadlineMs, processes, kinds: abilities.kinds });
  return { ...base, retryMs: Math.min(base.retryMs, 1000), maxRetries: 4, topics, processes, steps };
}

function soakProcesses(topics: readonly string[]): readonly ProcessPlan[] {
  const publishes: readonly PublishPlan[] = topics.map((topic) => ({ topic, batch: 2, pauseMs: 500, keys: 5 }));
  const works = (batch?: number): readonly WorkPlan[] =>
    topics.map((topic) => ({
      topic,
      maxConcurrency: 4,
      handleMs: [0, 20],
      failPercent: 10,
      rejectPercent: 2,
      retryAfterPercent: 2,
      slowPercent: 0.3,
      stubbornPercent: 10,
      ...(batch === undefined ? {} : { batch }),
    }));
  return [
    { name: "p1", proxied: true, publishes, works: [] },
    { name: "w1", proxied: true, publishes: [], works: works() },
    { name: "w2", proxied: false, publishes: [], works: works(3) },
    { name: MORTAL, proxied: true, publishes: [], works: works() },
  ];
}

interface SoakSteps {
  readonly minutes: number;
  readonly minuteMs: number;
  readonly ackDeadlineMs: number;
  readonly processes: readonly ProcessPlan[];
  readonly kinds: readonly StepKind[];
}

/** Each minute one fault, until all kinds were used; then all kinds again in another order. And one redrive. */
function soakSteps(random: Random, options: SoakSteps): readonly Step[] {
  const { minutes, minuteMs, processes } = options;
  const kinds = options.kinds.filter((kind) => kind !== "redrive");
  const steps: Step[] = [];
  let bag: StepKind[] = [];
  for (let minute = 0; minute < minutes; minute += 1) {
    const at = (part: number): number => Math.round((minute + part) * minuteMs);
    if (bag.length === 0) bag = [...random.shuffled(kinds)];
    const kind = bag.pop();
    if (kind !== undefined) {
      const atMs = random.integer(at(FAULT_BETWEEN[0]), at(FAULT_BETWEEN[1]));
      steps.push(makeStep(random, kind, atMs, { ...options, durationMs: minuteMs }, victimOf(random, kind, processes)));
    }
    steps.push({ kind: "redrive", atMs: at(REDRIVE_AT), forMs: 0 });
  }
  return steps;
}

function victimOf(random: Random, kind: StepKind, processes: readonly ProcessPlan[]): string | undefined {
  if ([...NETWORK_FAULTS, ...BROKER_FAULTS].some((one) => one === kind)) return undefined;
  if (OF_MORTALS.has(kind)) return MORTAL;
  const candidates = processes.filter(({ works }) => kind !== "close-worker" || works.length > 0);
  return OF_PROCESSES.has(kind) ? random.shuffled(candidates)[0]?.name : undefined;
}
