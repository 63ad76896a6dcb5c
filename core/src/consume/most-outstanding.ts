import type { RateLimit } from "../declare/rate-limit.ts";

/** Room for the later messages of a key that core holds while a message of that key waits for its retry. */
const ORDERED_OUTSTANDING_MIN = 1000;

export interface Holding {
  /** How many messages the handlers may have: `maxConcurrency` batches or single ones. */
  readonly handled: number;
  readonly prefetch: number;
  readonly rate: RateLimit | undefined;
  readonly ackDeadlineMs: number;
  readonly ordered: boolean;
}

/**
 * How many messages a worker may hold: handlers and prefetch. With a rate it fetches no more than what may start soon, because other
 * workers could handle the rest meanwhile: for prefetch what starts in a third of `ackDeadlineMs`, for handlers what starts in all
 * of it.
 */
export function mostOutstanding({ handled, prefetch, rate, ackDeadlineMs, ordered }: Holding): number {
  let outstanding = handled + prefetch;
  if (rate !== undefined) {
    const perLease = (rate.max * ackDeadlineMs) / rate.perMs;
    outstanding = Math.min(handled, Math.ceil(perLease)) + Math.min(prefetch, Math.floor(perLease / 3));
  }
  return ordered ? Math.max(outstanding, ORDERED_OUTSTANDING_MIN) : outstanding;
}
