/** A chaos schedule: plain data, made before it runs. The same data can be printed, saved, given back and shrunk. */

export interface TopicPlan {
  /** Unique in the schedule; the run adds its own prefix. */
  readonly name: string;
  readonly ordered: boolean;
  readonly exactlyOnce: boolean;
}

/** What a process publishes to one topic, in batches, as long as the schedule lasts. */
export interface PublishPlan {
  readonly topic: string;
  readonly batch: number;
  /** Between the answer of a batch and the next one, in ms. */
  readonly pauseMs: number;
  /** Ordering keys; each process has its own. */
  readonly keys: number;
}

/** One worker of a process, and how its handler behaves. Percentages are of attempts. */
export interface WorkPlan {
  readonly topic: string;
  readonly maxConcurrency: number;
  readonly handleMs: readonly [min: number, max: number];
  readonly failPercent: number;
  readonly rejectPercent: number;
  /** Handlers that throw `RetryAfter`. */
  readonly retryAfterPercent: number;
  /** Handlers that take a third of a lease longer than the lease. */
  readonly slowPercent: number;
  /** Handlers that ignore their signal. */
  readonly stubbornPercent: number;
  /** The handler gets batches of so many messages. @default one message at a time */
  readonly batch?: number;
}

/** What one process of a chaos run does. */
export interface ProcessPlan {
  readonly name: string;
  /** Its connection is the one that network faults harm. */
  readonly proxied: boolean;
  readonly publishes: readonly PublishPlan[];
  readonly works: readonly WorkPlan[];
}

export const NETWORK_FAULTS = ["cut", "half-open", "delay", "slow", "truncate", "reset"] as const;
export const BROKER_FAULTS = ["freeze-broker", "kill-broker", "fill-disk"] as const;
export const PROCESS_FAULTS = ["kill", "stop", "block", "set-clock"] as const;
/** What happens in every production, and is no fault. */
export const ORDERLY_STEPS = ["close-worker", "end-process", "redrive"] as const;

/** What a chaos run can do. */
export type StepKind =
  | (typeof NETWORK_FAULTS)[number]
  | (typeof BROKER_FAULTS)[number]
  | (typeof PROCESS_FAULTS)[number]
  | (typeof ORDERLY_STEPS)[number];
export const STEP_KINDS: readonly StepKind[] = [
  ...NETWORK_FAULTS,
  ...BROKER_FAULTS,
  ...PROCESS_FAULTS,
  ...ORDERLY_STEPS,
];

/** One thing that a chaos run does to the broker, the network or a process. */
export interface Step {
  readonly kind: StepKind;
  /** After the start, in ms. */
  readonly atMs: number;
  /** How long it lasts, in ms. `kill`, `end-process` and `close-worker`: until the successor starts. */
  readonly forMs: number;
  /** The process that it happens to, for faults and orderly steps of processes. */
  readonly process?: string;
  /** `delay`: ms each way. `slow`: bytes per second. `truncate`: bytes that still pass. `set-clock`: ms. `close-worker`, `end-process`: `timeoutMs`. */
  readonly amount?: number;
}

/** What a chaos run does, and when. Plain data: the same schedule is run again, and shrunk. */
export interface ChaosSchedule {
  readonly version: 1;
  readonly seed: number;
  /** How long publishers publish and steps happen, in ms. */
  readonly durationMs: number;
  readonly ackDeadlineMs: number;
  readonly retryMs: number;
  readonly maxRetries: number;
  /** After the last fault, no topic with waiting messages may stand still for longer than this, in ms. */
  readonly recoveryMs: number;
  readonly topics: readonly TopicPlan[];
  readonly processes: readonly ProcessPlan[];
  readonly steps: readonly Step[];
}

export function isFault({ kind }: Step): boolean {
  return !(ORDERLY_STEPS as readonly string[]).includes(kind);
}

export function isNetworkFault(kind: StepKind): boolean {
  return (NETWORK_FAULTS as readonly string[]).includes(kind);
}

/** Steps of one lane never overlap: those of the network, of the broker, of each process, and redrives. */
export function laneOf({ kind, process }: Step): string {
  if (process !== undefined) return `process ${process}`;
  if (kind === "redrive") return kind;
  return isNetworkFault(kind) ? "network" : "broker";
}

/** One line per part, for people. */
export function describeSchedule(schedule: ChaosSchedule): string {
  const { seed, durationMs, ackDeadlineMs, topics, processes, steps } = schedule;
  const kind = ({ ordered, exactlyOnce }: TopicPlan): string =>
    `${ordered ? "ordered" : "unordered"}, ${exactlyOnce ? "exactly-once" : "at-least-once"}`;
  return [
    `seed ${seed}, ${durationMs / 1000} s, ack deadline ${ackDeadlineMs} ms`,
    ...topics.map((topic) => `  topic ${topic.name}: ${kind(topic)}`),
    ...processes.map(
      ({ name, proxied, publishes, works }) =>
        `  process ${name}${proxied ? " (through the proxy)" : ""}: publishes ${publishes.length}, works on ${works.length} topics`,
    ),
    ...steps.map(
      ({ kind, atMs, forMs, process, amount }) =>
        `  at ${(atMs / 1000).toFixed(1)} s: ${kind}${process === undefined ? "" : ` ${process}`}${amount === undefined ? "" : ` ${amount}`} for ${(forMs / 1000).toFixed(1)} s`,
    ),
  ].join("\n");
}
