import type { DeadLetter } from "@anytopic/core";
import type { LetterChoice } from "../api/letters.ts";
import { groupKey } from "./group-key.ts";
import { letterRef } from "./letter-ref.ts";
import { cameLater } from "./letter-read.ts";

/** Whether a letter belongs to a choice: computed again for every letter, with the functions that made the list. */
export function isChosen(choice: LetterChoice, upToMs: number): (letter: DeadLetter) => boolean {
  // The time of the failure is a part of the name.
  if (choice.kind === "letters") {
    const left = new Set(choice.refs);
    // Of letters that are equal, one.
    return (letter) => left.size > 0 && left.delete(letterRef(letter));
  }
  return (letter) =>
    !cameLater(letter.lastFailureTime.getTime(), upToMs) &&
    (choice.kind === "all" || groupKey(letter) === choice.group);
}
