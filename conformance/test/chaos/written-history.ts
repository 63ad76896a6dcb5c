import { checkHistory, type ChaosSchedule, type Happened, type HistoryLine } from "@anytopic/conformance";

/** A schedule with one topic, `orders`, and two processes. */
export const scheduleOf = (changes: Partial<ChaosSchedule> = {}): ChaosSchedule => ({
  version: 1,
  seed: 1,
  durationMs: 10_000,
  ackDeadlineMs: 2000,
  retryMs: 200,
  maxRetries: 3,
  recoveryMs: 30_000,
  topics: [{ name: "orders", ordered: true, exactlyOnce: false }],
  processes: [],
  steps: [],
  ...changes,
});

export type Written = readonly [atMs: number, by: string, happened: Happened];

/** A history by hand: what is written, and in the end everything was handled and nobody complains. */
export function writtenHistory(...written: readonly Written[]): readonly HistoryLine[] {
  return [
    ...written.map(([atMs, by, happened]) => ({ atMs, by, ...happened })),
    { atMs: 99_000, by: "chaos", type: "drained" },
  ];
}

const topic = "orders";

/** Publishes message `seq` of a key with success. */
export const published = (atMs: number, seq: number, key = "k"): readonly Written[] => [
  [atMs, "p1#1", { type: "publish", topic, id: `m${seq}`, seq, key }],
  [atMs + 1, "p1#1", { type: "accepted", topic, id: `m${seq}` }],
];

interface Run {
  readonly by?: string;
  readonly run: number;
  readonly seq: number;
  readonly attempt?: number;
  readonly key?: string;
  readonly how?: "ok" | "failed" | "rejected";
  readonly tookMs?: number;
}

/** A run of message `seq` that ended after `tookMs`. */
export function ran(atMs: number, options: Run): readonly Written[] {
  const { by = "w1#1", run, seq, attempt = 1, key = "k", how = "ok", tookMs = 10 } = options;
  return [
    [atMs, by, { type: "run", topic, id: `m${seq}`, run, worker: 1, seq, key, attempt, intact: true }],
    [atMs + tookMs, by, { type: "end", run, how }],
  ];
}

/** In the order of time. */
export const inOrder = (...written: readonly (readonly Written[])[]): readonly Written[] =>
  written.flat().toSorted(([a], [b]) => a - b);

export const capabilities = { attempts: "includes-unstarted", orderedAttempts: "broker" } as const;

/** What a history violates, as text. */
export function violations(written: readonly Written[], changes: Partial<ChaosSchedule> = {}): readonly string[] {
  const verdict = checkHistory(writtenHistory(...written), scheduleOf(changes), capabilities);
  return verdict.violations.map(({ check, text }) => `${check}: ${text}`);
}
