import type { PubSubError } from "./errors.ts";

const FIRST_MS = 100;
const LONGEST_MS = 10_000;
/** An error that somebody has to mend counts as so many more failures: the first pause is about a second. */
const FATAL_FAILURES = 4;

/**
 * How long to pause after the `failures`-th failure in a row (1, 2, …) of what is tried again for ever, in ms: doubling
 * from 100 ms to 10 s, from 1.6 s where `error` is not `retryable`. Then "full jitter over the upper half", so that a
 * fleet does not come back in step.
 */
export function retryPauseMs(failures: number, random: () => number, error?: PubSubError): number {
  const doublings = failures - 1 + (error?.retryable === false ? FATAL_FAILURES : 0);
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(doublings, 20));
  return ceiling / 2 + (ceiling / 2) * random();
}
