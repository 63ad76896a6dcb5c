import type { SubscriptionStatistics } from "@anytopic/core";
import type { HistoryPoint } from "../api/subscription-detail.ts";

export const HISTORY_MS: number = 15 * 60_000;
/** Bounds what one subscription takes, however often it is read. */
const MAX_POINTS = 300;
/** A trend is that of so many ms at most, and of so many at least. */
const TREND_MS = 5 * 60_000;
const MIN_TREND_MS = 10_000;

/** The numbers of one subscription over the last 15 minutes. */
export class History {
  #points: HistoryPoint[] = [];

  /** `numbers` is `undefined` when they could not be read: the line then has a gap. */
  add(atMs: number, numbers: SubscriptionStatistics | undefined): void {
    const { waiting = null, inFlight = null, deadLetters = null } = numbers ?? {};
    this.#points.push({ atMs, waiting, inFlight, deadLetters });
    const first = this.#points.findIndex((point) => point.atMs > atMs - HISTORY_MS);
    if (first > 0 || this.#points.length > MAX_POINTS)
      this.#points = this.#points.slice(Math.max(first, 0)).slice(-MAX_POINTS);
  }

  points(nowMs: number): readonly HistoryPoint[] {
    return this.#points.filter(({ atMs }) => atMs > nowMs - HISTORY_MS);
  }

  /** By how much the backlog grows a minute. `undefined` when that was not known for long enough. */
  waitingTrendPerMin(nowMs: number): number | undefined {
    const known = this.#points.filter(({ atMs, waiting }) => atMs > nowMs - TREND_MS && waiting !== null);
    const [first] = known;
    const last = known.at(-1);
    if (first === undefined || last === undefined || last.atMs - first.atMs < MIN_TREND_MS) return undefined;
    return (((last.waiting ?? 0) - (first.waiting ?? 0)) * 60_000) / (last.atMs - first.atMs);
  }
}
