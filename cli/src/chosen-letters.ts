import type { DeadLetter, DeadLetterQueue } from "@anytopic/core";
import type { LetterChoice } from "./letter-selection.ts";

/** The most that can be looked at without taking letters. */
export const MAX_PEEK = 1000;

export interface ChosenLetters {
  readonly letters: readonly DeadLetter[];
  /** How many were looked at. */
  readonly seen: number;
}

/** Looks without removing: the first that fit, up to the limit. */
export async function chosenLetters(
  queue: DeadLetterQueue,
  { filter, limit }: LetterChoice,
  defaultLimit: number,
): Promise<ChosenLetters> {
  const wanted = limit ?? defaultLimit;
  // With a filter, those that fit may stand anywhere.
  const seen = await queue.peek({ limit: filter === undefined ? wanted : MAX_PEEK });
  const letters = filter === undefined ? seen : seen.filter(filter).slice(0, wanted);
  return { letters, seen: seen.length };
}
