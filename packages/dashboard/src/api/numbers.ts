import type { StatisticsKnown, SubscriptionStatistics } from "@anytopic/core";

/** What the broker tells of a subscription; `null` for what it does not tell. */
export type Numbers = Readonly<Record<keyof SubscriptionStatistics, number | null>>;

/** How well each number is known. */
export type NumbersKnown = StatisticsKnown;

export interface WireFailure {
  readonly code: string;
  readonly message: string;
}
