import type { Clock } from "../base/clock.ts";
import { pause } from "../base/pause.ts";
import type { DriverDeadLetters, TakenLetter } from "../driver.ts";

/** A broker may answer that there is no letter although there is one, so it is asked again for this long. */
const PATIENCE_MS = 1000;
const PAUSE_MS = 200;
/** Letters taken at a time to be deleted. */
const PURGE_BATCH = 1000;

/** Takes up to `limit` letters. Empty only when there was none for about 1 s, or when `signal` aborts. */
export async function takeLetters(
  letters: DriverDeadLetters,
  limit: number,
  clock: Clock,
  signal?: AbortSignal,
): Promise<readonly TakenLetter[]> {
  const endMs = clock.monotonicNow() + PATIENCE_MS;
  for (let waitMs = 0; ; waitMs = endMs - clock.monotonicNow()) {
    const taken = await letters.take(limit, Math.max(0, Math.ceil(waitMs)));
    if (taken.length > 0 || letters.emptyIsCertain === true || signal?.aborted === true) return taken;
    if (endMs - clock.monotonicNow() < PAUSE_MS) return taken;
    if (waitMs > 0) await pause(clock, PAUSE_MS);
  }
}

/** Deletes all letters, with the driver's `purge` where there is one, and returns their number. */
export async function purgeLetters(letters: DriverDeadLetters, clock: Clock): Promise<number> {
  if (letters.purge !== undefined) return await letters.purge();
  for (let purged = 0; ;) {
    const taken = await takeLetters(letters, PURGE_BATCH, clock);
    if (taken.length === 0) return purged;
    const outcomes = await Promise.allSettled(taken.map((letter) => letter.remove()));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    purged += taken.length;
  }
}
