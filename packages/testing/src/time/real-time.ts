import { performance } from "node:perf_hooks";
import { setImmediate as nextTurn, setTimeout as realPause } from "node:timers/promises";

/**
 * The time that passes for the developer, also when the test has replaced timers by fake ones: these functions are bound when this
 * module is loaded, and fake timers replace only the global ones.
 */
export { nextTurn };

// Fake timers replace the method, not this function.
const now = performance.now.bind(performance);

/** ms of real time since a fixed moment. */
export function realNowMs(): number {
  return now();
}

/** Resolves when `promise` does, or after `ms` of real time. */
export async function realWithin(promise: Promise<unknown>, ms: number): Promise<void> {
  const stop = new AbortController();
  const pause = realPause(ms, undefined, { signal: stop.signal, ref: true }).catch(() => {});
  await Promise.race([promise, pause]);
  stop.abort();
}
