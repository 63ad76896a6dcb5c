import type { Clock } from "./clock.ts";

/** Counts down from `timeoutMs`. The returned function gives what is left of it, in whole ms and at least 0. */
export function timeLeft(clock: Clock, timeoutMs: number): () => number {
  const endMs = clock.monotonicNow() + timeoutMs;
  return () => Math.max(0, Math.floor(endMs - clock.monotonicNow()));
}
