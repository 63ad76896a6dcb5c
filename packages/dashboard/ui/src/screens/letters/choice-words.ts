import type { LetterChoice, LetterCount } from "../../../../src/api/letters.ts";
import { shownCount } from "../../parts/format.ts";

export function letterWords(count: number): string {
  return `${shownCount(count)} ${count === 1 ? "letter" : "letters"}`;
}

/** Which letters an action is about. */
export function choiceWords(choice: LetterChoice, of: string): string {
  if (choice.kind === "all") return `all letters of ${of}`;
  if (choice.kind === "group") return `the letters of this group`;
  return choice.refs.length === 1 ? "this letter" : "the selected letters";
}

/** How many an action concerns, as far as that is known. */
export function countWords({ matches, total, read }: LetterCount, choice: LetterChoice): string {
  if (total === null || choice.kind === "letters") return letterWords(matches);
  return `at least ${letterWords(matches)}: the first ${shownCount(read)} of about ${shownCount(total)} were counted, and all will be gone through`;
}
