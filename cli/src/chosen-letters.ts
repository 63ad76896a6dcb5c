import type { DeadLetter, DeadLetterQueue } from "@anytopic/core";
import type { LetterChoice } from "./letter-selection.ts";

/** The largest number of letters that can be peeked at. */
export const MAX_PEEK = 1000;

export interface ChosenLetters {
  readonly letters: readonly DeadLetter[];
  /** How many letters were peeked at. */
  readonly seen: number;
}

/** Peeks at letters, without removing them: the first that match, up to the limit. */
export async function chosenLetters(
  queue: DeadLetterQueue,
  { filter, limit }: LetterChoice,
  defaultLimit: number,
): Promise<ChosenLetters> {
  const wanted = limit ?? defaultLimit;
  // With a filter, the matching letters may be anywhere in the queue.
  const seen = await queue.peek({ limit: filter === undefined ? wanted : MAX_PEEK });
  const letters = filter === undefined ? seen : seen.filter(filter).slice(0, wanted);
  return { letters, seen: seen.length };
}
