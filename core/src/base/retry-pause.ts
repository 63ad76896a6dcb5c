import type { PubSubError } from "./errors.ts";

const FIRST_MS = 100;
const LONGEST_MS = 10_000;
/** An error that is not `retryable` counts as this many more failures, so that the first pause is about 1 s. */
const FATAL_FAILURES = 4;

/**
 * The pause, in ms, after failure number `failures` in a row (1, 2, …) of something that is retried without end. It doubles from 100 ms
 * to 10 s, and starts at 1.6 s when `error` is not `retryable`. The result is random between half of that and all of it, so that
 * many processes do not retry at the same time.
 */
export function retryPauseMs(failures: number, random: () => number, error?: PubSubError): number {
  const doublings = failures - 1 + (error?.retryable === false ? FATAL_FAILURES : 0);
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(doublings, 20));
  return ceiling / 2 + (ceiling / 2) * random();
}
