import type { Capabilities } from "@anytopic/core";
import { seededRandom, seedOf, type Random } from "../random.ts";
import type { ChaosSchedule, ProcessPlan, PublishPlan, Step, StepKind, TopicPlan, WorkPlan } from "./schedule.ts";

/** What can be done to one broker and its clients, see `abilitiesOf`. */
export interface ChaosAbilities {
  readonly capabilities: Capabilities;
  readonly kinds: readonly StepKind[];
}

/** How long the schedule is that `makeSchedule` makes. */
export interface MakeScheduleOptions {
  /** @default 20 to 40 s, by the seed */
  readonly durationMs?: number | undefined;
}

const SHORT_LEASE_MS = 2500;
/** Faults begin when all processes have had a moment to start, and end before the schedule does. */
const QUIET_START_MS = 2000;
const PROCESS_KINDS: readonly StepKind[] = ["kill", "stop", "block", "set-clock", "close-worker", "end-process"];
const NETWORK_KINDS: readonly StepKind[] = ["cut", "half-open", "delay", "slow", "truncate", "reset"];
const BROKER_KINDS: readonly StepKind[] = ["freeze-broker", "kill-broker", "fill-disk"];

/** Makes a schedule from a seed and nothing else: the same seed and abilities give the same schedule. */
export function makeSchedule(
  seed: number,
  abilities: ChaosAbilities,
  options: MakeScheduleOptions = {},
): ChaosSchedule {
  const random = seededRandom(seedOf("chaos", seed));
  const { capabilities } = abilities;
  const durationMs = options.durationMs ?? random.integer(20, 40) * 1000;
  const ackDeadlineMs = Math.max(capabilities.ackDeadline.minMs, SHORT_LEASE_MS);
  const topics = makeTopics(random, capabilities);
  const processes = makeProcesses(random, topics);
  const { granularityMs } = capabilities.nackDelay;
  return {
    version: 1,
    seed,
    durationMs,
    ackDeadlineMs,
    retryMs: Math.ceil(random.integer(150, 600) / granularityMs) * granularityMs,
    maxRetries: random.integer(3, 8),
    recoveryMs: 30_000 + 3 * ackDeadlineMs,
    topics,
    processes,
    steps: makeSteps(random, { durationMs, ackDeadlineMs, processes, kinds: abilities.kinds }),
  };
}

function makeTopics(random: Random, { ordering, exactlyOnce }: Capabilities): readonly TopicPlan[] {
  const kinds: TopicPlan[] = [];
  for (const ordered of ordering === "per-key" ? [false, true] : [false]) {
    for (const once of exactlyOnce === "none" ? [false] : [false, true]) {
      kinds.push({ name: `${ordered ? "ordered" : "plain"}-${once ? "once" : "least"}`, ordered, exactlyOnce: once });
    }
  }
  return random.shuffled(kinds).slice(0, random.integer(2, 3));
}

function makeProcesses(random: Random, topics: readonly TopicPlan[]): readonly ProcessPlan[] {
  const publishes = (): readonly PublishPlan[] =>
    topics.map(({ name }) => ({
      topic: name,
      batch: random.integer(1, 8),
      pauseMs: random.integer(60, 400),
      keys: random.integer(2, 6),
    }));
  const works = (): readonly WorkPlan[] =>
    topics.map(({ name }) => ({
      topic: name,
      maxConcurrency: random.integer(1, 8),
      handleMs: [0, random.integer(2, 40)],
      failPercent: random.integer(0, 20),
      rejectPercent: random.integer(0, 3),
      retryAfterPercent: random.integer(0, 4),
      slowPercent: random.integer(0, 1),
      stubbornPercent: random.integer(0, 50),
    }));
  const workers = Array.from({ length: random.integer(2, 3) }, (_, index): ProcessPlan => ({
    name: `w${index + 1}`,
    // The first two differ, so that a network fault parts them: one is cut off, the other takes over.
    proxied: index === 0 || (index > 1 && random.next() < 0.5),
    publishes: random.next() < 0.2 ? publishes() : [],
    works: works(),
  }));
  return [{ name: "p1", proxied: random.next() < 0.7, publishes: publishes(), works: [] }, ...workers];
}

interface StepOptions {
  readonly durationMs: number;
  readonly ackDeadlineMs: number;
  readonly processes: readonly ProcessPlan[];
  readonly kinds: readonly StepKind[];
}

/** Network faults come one after the other, and so do those of the broker and of each process; all of these mix. */
function makeSteps(random: Random, options: StepOptions): readonly Step[] {
  const { durationMs, processes, kinds } = options;
  const of = (group: readonly StepKind[]): readonly StepKind[] => group.filter((kind) => kinds.includes(kind));
  const steps: Step[] = [];
  const lane = (group: readonly StepKind[], gapMs: readonly [number, number], process?: string): void => {
    if (group.length === 0) return;
    let atMs = QUIET_START_MS + random.integer(0, gapMs[1]);
    while (atMs < durationMs - 1000) {
      const kind = group[random.integer(0, group.length - 1)] as StepKind;
      const step = makeStep(random, kind, atMs, options, process);
      if (step.atMs + step.forMs < durationMs) steps.push(step);
      atMs += step.forMs + random.integer(...gapMs);
    }
  };
  lane(of(NETWORK_KINDS), [1500, 6000]);
  lane(of(BROKER_KINDS), [5000, 15_000]);
  for (const { name, works } of processes) {
    const group = of(PROCESS_KINDS).filter((kind) => kind !== "close-worker" || works.length > 0);
    lane(group, [4000, 14_000], name);
  }
  lane(of(["redrive"]), [3000, 9000]);
  return steps.toSorted((a, b) => a.atMs - b.atMs);
}

export function makeStep(random: Random, kind: StepKind, atMs: number, options: StepOptions, process?: string): Step {
  const { ackDeadlineMs } = options;
  const long = (): number => Math.round(ackDeadlineMs * (0.6 + 1.2 * random.next()));
  const step = (forMs: number, amount?: number): Step => ({
    kind,
    atMs,
    forMs,
    ...(process === undefined ? {} : { process }),
    ...(amount === undefined ? {} : { amount }),
  });
  switch (kind) {
    case "cut":
    case "half-open":
      return step(random.integer(200, 6000));
    case "delay":
      return step(random.integer(1000, 5000), random.integer(20, 400));
    case "slow":
      return step(random.integer(1000, 5000), random.integer(2000, 60_000));
    case "truncate":
      return step(random.integer(500, 3000), random.integer(1, 2000));
    case "reset":
      return step(100);
    case "freeze-broker":
      return step(random.integer(300, 5000));
    case "kill-broker":
      return step(random.integer(200, 3000));
    case "fill-disk":
      return step(random.integer(1000, 4000));
    case "stop":
    case "block":
      return step(long());
    case "kill":
      return step(random.integer(100, 2000));
    case "set-clock":
      return step(random.integer(1000, 8000), random.shuffled([-86_400_000, -30_000, 30_000, 86_400_000])[0]);
    case "close-worker":
    case "end-process":
      return step(random.integer(0, 2000), random.shuffled([0, 500, 5000])[0]);
    case "redrive":
      return step(0);
    default:
      return kind satisfies never;
  }
}
