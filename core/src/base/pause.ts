import type { Clock } from "./clock.ts";

/** Resolves after `delayMs`, or when `signal` aborts; with `Infinity` only when `signal` aborts. Never rejects. Keeps the process alive. */
export async function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = (): void => resolve();
  const timer = delayMs === Number.POSITIVE_INFINITY ? undefined : clock.setTimer(end, delayMs, true);
  signal?.addEventListener("abort", end, { once: true });
  await promise;
  clock.clearTimer(timer);
  signal?.removeEventListener("abort", end);
}
