import { randomUUID } from "node:crypto";
import type { DeadLetterQueue } from "@anytopic/core";
import { keptBytes, type KeptLetter, keptLetter } from "./kept-letter.ts";

/** The page shows so many letters of one subscription; actions concern all of them. */
export const MAX_READ = 20_000;
/** Where an adapter can only take letters, core's scan ends after so many, or after so many bytes of bodies. */
const TAKING_LETTERS = 10_000;
const TAKING_BYTES = 64 * 1024 * 1024;
const MAX_KEPT_BYTES = 32 * 1024 * 1024;
const DAY_MS = 86_400_000;

/** All letters of one subscription at one moment. */
export interface LetterRead {
  readonly id: string;
  readonly timeMs: number;
  readonly letters: readonly KeptLetter[];
  /** How many there are; `undefined` when all were read. */
  readonly total: number | undefined;
  /** The newest failure by the clocks of the workers, at least the time of the read. Letters that fail later came later. */
  readonly upToMs: number;
  readonly keptBytes: number;
}

export async function readLetters(queue: DeadLetterQueue, signal: AbortSignal): Promise<LetterRead> {
  const timeMs = Date.now();
  const letters: KeptLetter[] = [];
  let kept = 0;
  let bodies = 0;
  let upToMs = timeMs;
  const read = await queue.scan({
    limit: MAX_READ,
    signal,
    onLetter(letter) {
      const one = keptLetter(letter, MAX_KEPT_BYTES - kept);
      letters.push(one);
      kept += keptBytes(one);
      bodies += one.bodyBytes;
      const failedMs = letter.lastFailureTime.getTime();
      // A worker's clock may be ahead; a time far in the future was made up.
      if (failedMs > upToMs && failedMs < timeMs + DAY_MS) upToMs = failedMs;
    },
  });
  const count = mayBeMore(read, bodies) ? await queue.count() : read;
  const total = count > read ? count : undefined;
  return { id: randomUUID(), timeMs, letters, total, upToMs, keptBytes: kept };
}

/** Whether a scan may have ended before the last letter. Only then is it worth a count, which on Pub/Sub takes all letters. */
export function mayBeMore(letters: number, bodyBytes: number): boolean {
  return letters >= TAKING_LETTERS || bodyBytes >= TAKING_BYTES;
}

/** Whether the letter came after the read. Letters of the broker itself have no time of failure. */
export function cameLater(failedMs: number, upToMs: number): boolean {
  return failedMs > upToMs && failedMs < upToMs + DAY_MS;
}
