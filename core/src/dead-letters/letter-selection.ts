import type { DeadLetter } from "../contract/dead-letter.ts";
import type { LetterEdit } from "./edited-letter.ts";

export interface LetterSelection {
  /** Only letters for which it returns true. @default all */
  readonly filter?: ((letter: DeadLetter) => boolean) | undefined;
  /** At most so many. @default all that were there when the call began */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each letter with the numbers done and seen so far; while none is chosen, about every 100 letters. */
  readonly onProgress?: ((done: number, seen: number) => void) | undefined;
}

export interface RedriveOptions extends LetterSelection {
  /** Changes a letter on its way back: what it returns replaces body or attributes. */
  readonly edit?: ((letter: DeadLetter) => LetterEdit | undefined) | undefined;
}
