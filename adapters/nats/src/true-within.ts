import type { Clock } from "@anytopic/core/driver";

/** Whether `work` resolves within `timeoutMs`; false also when it rejects. Keeps the process alive until then. */
export async function trueWithin(clock: Clock, timeoutMs: number, work: Promise<unknown>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = clock.setTimer(() => resolve(false), timeoutMs, true);
  const done = work.then(
    () => true,
    () => false,
  );
  const inTime = await Promise.race([done, late]);
  clock.clearTimer(timer);
  return inTime;
}
