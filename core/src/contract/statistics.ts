/**
 * What a broker says about the messages of one subscription. `undefined` is what it does not tell: never 0 for a number that nobody
 * knows. `Capabilities.statistics` says which numbers an adapter knows, and how well.
 */
export interface SubscriptionStatistics {
  /** The backlog: messages that no worker has, and that could be delivered now. */
  readonly waiting: number | undefined;
  /**
   * Messages that a worker has and has not settled, started or not. When `delayed` is `undefined`, the retries that wait for their
   * delay are among these.
   */
  readonly inFlight: number | undefined;
  /** Messages that wait for the delay of their retry. A retry that a worker holds for the sake of order counts as in flight. */
  readonly delayed: number | undefined;
  /** How long ago the broker stored the oldest message that is waiting, in flight or delayed, in ms; 0 when there is none. */
  readonly oldestAgeMs: number | undefined;
  /** Letters in the dead-letter queue. */
  readonly deadLetters: number | undefined;
}

/**
 * How well a number is known. `"exact"`: it is true when it is asked for. `"approximate"`: the broker's estimate, which may be late or
 * leave out rare cases that the adapter's README names. `"unknown"`: it is always `undefined`.
 */
export type StatisticsKnown = Readonly<Record<keyof SubscriptionStatistics, "exact" | "approximate" | "unknown">>;

/** Of a broker that tells nothing. */
export const UNKNOWN_STATISTICS: SubscriptionStatistics = Object.freeze({
  waiting: undefined,
  inFlight: undefined,
  delayed: undefined,
  oldestAgeMs: undefined,
  deadLetters: undefined,
});

/** Of one subscription on several connections: sums, and the age of the oldest. What one of them does not know, nobody knows. */
export function combinedStatistics(parts: readonly SubscriptionStatistics[]): SubscriptionStatistics {
  const combined = (
    field: keyof SubscriptionStatistics,
    of: (numbers: readonly number[]) => number,
  ): number | undefined => {
    const numbers = parts.map((part) => part[field]).filter((number) => number !== undefined);
    return numbers.length === parts.length ? of(numbers) : undefined;
  };
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  return Object.freeze({
    waiting: combined("waiting", sum),
    inFlight: combined("inFlight", sum),
    delayed: combined("delayed", sum),
    oldestAgeMs: combined("oldestAgeMs", (numbers) => Math.max(...numbers)),
    deadLetters: combined("deadLetters", sum),
  });
}
