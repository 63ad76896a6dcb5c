const FIRST_MS = 100;
const LONGEST_MS = 10_000;

/**
 * How long to wait before the `failures`-th attempt to reconnect in a row (1, 2, …), in ms: doubling from 100 ms to
 * 10 s, then "full jitter over the upper half", so that a fleet does not come back in step.
 */
export function reconnectDelayMs(failures: number, random: () => number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 20));
  return ceiling / 2 + (ceiling / 2) * random();
}
