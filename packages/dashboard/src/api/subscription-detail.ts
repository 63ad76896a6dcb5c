import type { Numbers, NumbersKnown, WireFailure } from "./numbers.ts";
import type { Problem, SubscriptionState } from "./overview.ts";
import type { DriftedDeclaration } from "./plan.ts";

/** `GET /api/subscription?of=topic/name` */
export interface SubscriptionDetail {
  readonly topic: string;
  readonly name: string;
  readonly connections: readonly string[];
  readonly everyMs: number;
  readonly known: Readonly<Record<string, NumbersKnown>>;
  readonly state: SubscriptionState;
  readonly problems: readonly Problem[];
  readonly numbers: Numbers;
  readonly error: WireFailure | null;
  /** Unix ms of the last answer; `null` before the first. */
  readonly readAtMs: number | null;
  readonly waitingTrendPerMin: number | null;
  /** Of the last 15 minutes, the oldest first. Only from when somebody looked. */
  readonly history: readonly HistoryPoint[];
  /** `null` when nobody tells what happens. */
  readonly observed: ObservedSubscription | null;
  /** In the process of this dashboard. */
  readonly workers: readonly WorkerHealth[];
  readonly settings: SubscriptionSettings;
  /** `null` when it could not be asked, see `unavailable`. */
  readonly filterPlaces: readonly FilterPlaceOn[] | null;
  readonly drift: DriftedDeclaration | null;
  readonly unavailable: WireFailure | null;
}

export interface HistoryPoint {
  /** Unix ms of the server's clock. */
  readonly atMs: number;
  readonly waiting: number | null;
  readonly inFlight: number | null;
  readonly deadLetters: number | null;
}

/** What the observer tells. Counts are those of the last 15 minutes. */
export interface ObservedSubscription {
  readonly publishedPerMin: number | null;
  readonly startedPerMin: number | null;
  readonly endedPerMin: number | null;
  readonly counts: Readonly<Record<SubscriptionCount, number>> | null;
  /** Of the last 5 minutes; `null` when nothing was measured. */
  readonly waitMs: Percentiles | null;
  readonly handlingMs: Percentiles | null;
  /** Ended in each 10 s of the last 15 minutes, the oldest first. */
  readonly ended: readonly number[];
  /** Retries, letters and lost leases in each 10 s. */
  readonly failed: readonly number[];
  /** The newest first. */
  readonly errors: readonly SeenError[];
  readonly services: readonly string[];
}

export type SubscriptionCount =
  | "started"
  | "acknowledged"
  | "retried"
  | "deadLettered"
  | "leaseLost"
  | "released"
  | "skipped";

/** In ms, within 10 %. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly count: number;
}

export interface SeenError {
  readonly atMs: number;
  /** The type of the event. */
  readonly type: string;
  readonly id: string | null;
  readonly attempt: number | null;
  readonly name: string;
  readonly code: string | null;
  readonly message: string;
  readonly service: string | null;
}

export interface WorkerHealth {
  readonly connection: string;
  readonly state: "receiving" | "failing" | "paused" | "closing";
  readonly capacity: number;
  readonly running: number;
  readonly waiting: number;
  readonly abandoned: number;
  readonly progressAgeMs: number;
  readonly longestBlockMs: number;
  readonly stuck: "handlers" | "receiving" | null;
  readonly error: WireFailure | null;
  readonly circuit: { readonly state: string; readonly failures: number; readonly openForMs: number } | null;
  readonly rate: { readonly max: number; readonly perMs: number; readonly fullForMs: number } | null;
}

/** What is in force: the declaration, with what the configuration says instead. */
export interface SubscriptionSettings {
  readonly ackDeadlineMs: number;
  readonly maxConcurrency: number;
  readonly maxHandlingMs: number;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  /** `null`: without end. */
  readonly maxRetries: number | null;
  readonly jitter: number;
  readonly onExpired: "drop" | "dead-letter";
  readonly filter: Readonly<Record<string, unknown>> | null;
  readonly rate: { readonly max: number; readonly perMs: number } | null;
  readonly circuit: {
    readonly failures: number;
    readonly openMs: number;
    readonly maxOpenMs: number;
    readonly probes: number;
  } | null;
  readonly ordered: boolean;
  readonly deliveryGuarantee: "at-least-once" | "exactly-once";
  readonly retentionMs: number;
  readonly replay: boolean;
  readonly codec: string;
  readonly hasSchema: boolean;
  /** Names of the settings above that the configuration replaces. */
  readonly configured: readonly string[];
}

export interface FilterPlaceOn {
  readonly connection: string;
  readonly appliedBy: "broker" | "worker";
  readonly reason: string | null;
}
