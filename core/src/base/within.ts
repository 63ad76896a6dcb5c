import type { Clock } from "./clock.ts";
import type { PubSubError } from "./errors.ts";

/** Whether `work` resolves within `timeoutMs`; false when it rejects. Never rejects. The work itself goes on. Keeps the process alive meanwhile. */
export async function within(clock: Clock, timeoutMs: number, work: Promise<unknown>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = clock.setTimer(() => resolve(false), timeoutMs, true);
  const done = work.then(
    () => true,
    () => false,
  );
  const inTime = await Promise.race([done, late]);
  clock.clearTimer(timer);
  return inTime;
}

/**
 * Resolves or rejects as `work` does, or rejects with the result of `late` after `timeoutMs`. The work itself goes on. The timer does not
 * keep the process alive; the connection does.
 */
export async function requireWithin<Value>(
  clock: Clock,
  timeoutMs: number,
  work: Promise<Value>,
  late: () => PubSubError,
): Promise<Value> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = clock.setTimer(() => reject(late()), timeoutMs);
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clock.clearTimer(timer);
  }
}
