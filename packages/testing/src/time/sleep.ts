import type { Clock } from "@anytopic/core";

/** Resolves after `ms` of the clock's time, at least 0 and possibly `Infinity`. Rejects with the abort reason when `signal` aborts. */
export function sleepOn(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (!(ms >= 0)) throw new TypeError(`ms is ${ms}: must be a number of at least 0`);
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clock.clearTimer(timer);
      reject(signal?.reason as Error);
    };
    const done = (): void => {
      signal?.removeEventListener("abort", stop);
      resolve();
    };
    const timer = ms === Number.POSITIVE_INFINITY ? undefined : clock.setTimer(done, ms, true);
    if (signal?.aborted === true) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
