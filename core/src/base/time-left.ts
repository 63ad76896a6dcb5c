import type { Clock } from "./clock.ts";

/** Counts down from `timeoutMs`: what is left of it when it is called, in ms, at least 0. */
export function timeLeft(clock: Clock, timeoutMs: number): () => number {
  const endMs = clock.monotonicNow() + timeoutMs;
  return () => Math.max(0, endMs - clock.monotonicNow());
}
