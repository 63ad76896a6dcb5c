import type { ChaosSchedule } from "./schedule.ts";

/** How a schedule that shows a violation is made smaller. */
export interface ShrinkOptions {
  /** Runs a smaller schedule. True when it still fails. */
  readonly stillFails: (schedule: ChaosSchedule) => Promise<boolean>;
  /** No further schedule is tried after this time, in ms. */
  readonly budgetMs: number;
  /** Monotonic ms. @default the machine's */
  readonly now?: (() => number) | undefined;
}

/**
 * Looks for a smaller schedule that still fails: fewer steps, fewer processes, fewer topics, less time. Returns the
 * smallest one that failed, at worst the given one. Chaos is not deterministic: a part that seems needless may only make the
 * failure more probable.
 */
export async function shrinkSchedule(schedule: ChaosSchedule, options: ShrinkOptions): Promise<ChaosSchedule> {
  const { stillFails, budgetMs, now = () => performance.now() } = options;
  const endMs = now() + budgetMs;
  let smallest = schedule;
  let size = Math.ceil(schedule.steps.length / 2);
  const tried = new Set<string>();
  const fails = async (candidate: ChaosSchedule): Promise<boolean> => {
    const text = JSON.stringify(candidate);
    if (tried.has(text) || now() >= endMs) return false;
    tried.add(text);
    return await stillFails(candidate);
  };
  for (;;) {
    const candidates = [...withoutSteps(smallest, size), ...(size <= 1 ? withoutActors(smallest) : [])];
    let smaller: ChaosSchedule | undefined;
    for (const candidate of candidates) {
      if (now() >= endMs) return smallest;
      if (await fails(candidate)) {
        smaller = candidate;
        break;
      }
    }
    if (smaller !== undefined) {
      smallest = smaller;
      size = Math.max(1, Math.min(size, Math.ceil(smallest.steps.length / 2)));
    } else if (size > 1) size = Math.ceil(size / 2);
    else return smallest;
  }
}

/** Each without `size` neighbouring steps. */
function withoutSteps(schedule: ChaosSchedule, size: number): readonly ChaosSchedule[] {
  const { steps } = schedule;
  const starts = Array.from({ length: Math.ceil(steps.length / size) }, (_, index) => index * size);
  return starts.map((start) => shortened({ ...schedule, steps: steps.toSpliced(start, size) }));
}

/** Each without one process and what happens to it, or without one topic. The last publisher and the last worker stay. */
function withoutActors(schedule: ChaosSchedule): readonly ChaosSchedule[] {
  const { processes, topics, steps } = schedule;
  const fewerProcesses = processes.map(({ name }) => ({
    ...schedule,
    processes: processes.filter((process) => process.name !== name),
    steps: steps.filter(({ process }) => process !== name),
  }));
  const fewerTopics = topics.map(({ name }) => ({
    ...schedule,
    topics: topics.filter((topic) => topic.name !== name),
    processes: processes.map((process) => ({
      ...process,
      publishes: process.publishes.filter(({ topic }) => topic !== name),
      works: process.works.filter(({ topic }) => topic !== name),
    })),
  }));
  return [...fewerProcesses, ...fewerTopics].filter(
    ({ processes }) =>
      processes.some(({ publishes }) => publishes.length > 0) && processes.some(({ works }) => works.length > 0),
  );
}

const AFTER_LAST_STEP_MS = 2000;

/** Ends soon after its last step. */
function shortened(schedule: ChaosSchedule): ChaosSchedule {
  const lastMs = Math.max(3000, ...schedule.steps.map(({ atMs, forMs }) => atMs + forMs));
  return { ...schedule, durationMs: Math.min(schedule.durationMs, lastMs + AFTER_LAST_STEP_MS) };
}
