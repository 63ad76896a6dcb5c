import type { DeadLetter, DeadLetterQueue } from "@anytopic/core";
import type { LetterChoice } from "./letter-selection.ts";

/** The largest number of letters that are listed. */
export const MAX_LISTED = 1000;

export interface ChosenLetters {
  readonly letters: readonly DeadLetter[];
  /** How many letters were looked at. */
  readonly seen: number;
}

/** Looks at letters, without removing them: the first that match, up to the limit, wherever they are in the queue. */
export async function chosenLetters(
  queue: DeadLetterQueue,
  { filter, limit }: LetterChoice,
  defaultLimit: number,
): Promise<ChosenLetters> {
  const wanted = limit ?? defaultLimit;
  const letters: DeadLetter[] = [];
  const seen = await queue.scan({
    onLetter(letter) {
      if (filter === undefined || filter(letter)) letters.push(letter);
      return letters.length < wanted;
    },
  });
  return { letters, seen };
}
