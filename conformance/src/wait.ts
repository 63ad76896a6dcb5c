/**
 * Waiting for conditions, with deadlines, never for time alone. The exception is `hold`, which simulates a handler's
 * work.
 */
import { Violation } from "./violation.ts";

const POLL_MS = 10;

export interface WaitOptions {
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** Monotonic ms. */
export const monotonicMs = (): number => performance.now();

/** Resolves after `durationMs`, or rejects at once with the signal's reason. What a busy handler does. */
export function hold(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, durationMs);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

/** Polls until `condition` returns something truthy; `what` completes "waited … ms for". */
export async function eventually<Value>(
  condition: () => Value | Promise<Value>,
  what: string | (() => string),
  { deadlineMs, signal }: WaitOptions,
): Promise<Value> {
  const endMs = monotonicMs() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (monotonicMs() > endMs) {
      throw new Violation(`waited ${Math.round(deadlineMs)} ms for ${typeof what === "string" ? what : what()}`);
    }
    await hold(POLL_MS, signal);
  }
}

/** Resolves once `activity` has kept one value for `windowMs`: the basis of every "and nothing else happens". */
export async function quiet(
  activity: () => number,
  windowMs: number,
  { deadlineMs, signal }: WaitOptions,
): Promise<void> {
  const endMs = monotonicMs() + deadlineMs;
  let seen = activity();
  let sinceMs = monotonicMs();
  while (monotonicMs() - sinceMs < windowMs) {
    await hold(POLL_MS, signal);
    const now = activity();
    if (now !== seen) {
      seen = now;
      sinceMs = monotonicMs();
      if (sinceMs > endMs) throw new Violation(`expected quiet within ${deadlineMs} ms, but things keep happening`);
    }
  }
}

/** Settles as the promise does, or rejects when it takes longer. */
export async function withinDeadline<Value>(
  promise: PromiseLike<Value>,
  what: string,
  { deadlineMs, signal }: WaitOptions,
): Promise<Value> {
  const over = new AbortController();
  const late = async (): Promise<never> => {
    await hold(deadlineMs, AbortSignal.any([signal, over.signal]));
    throw new Violation(`expected ${what} within ${Math.round(deadlineMs)} ms`);
  };
  try {
    return await Promise.race([promise, late()]);
  } finally {
    over.abort();
  }
}
