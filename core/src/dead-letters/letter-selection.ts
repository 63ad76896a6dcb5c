import type { DeadLetter } from "../contract/dead-letter.ts";
import { requireInteger } from "../options/option-checks.ts";
import type { RateLimit } from "../declare/rate-limit.ts";
import type { LetterEdit } from "./edited-letter.ts";

/** @throws TypeError when `limit` is not a whole number of at least 1 */
export function requireLimit(limit: number, max: number = Number.MAX_SAFE_INTEGER): number {
  return requireInteger("limit", limit, { min: 1, max });
}

/** Which dead letters a redrive or a purge acts on. */
export interface LetterSelection {
  /** Selects the letters for which it returns true. @default all */
  readonly filter?: ((letter: DeadLetter) => boolean) | undefined;
  /** The largest number of letters to act on; at least 1. @default all that existed when the call began */
  readonly limit?: number | undefined;
  /** When it aborts, the call rejects with the abort reason after the current letter. @default none */
  readonly signal?: AbortSignal | undefined;
  /** Called with the numbers of letters done and seen so far: after each letter, and about every 100 letters while none is selected. @default none */
  readonly onProgress?: ((done: number, seen: number) => void) | undefined;
}

/** Which dead letters a redrive sends back, and how. */
export interface RedriveOptions extends LetterSelection {
  /** Called for each letter before it is sent back. The body or attributes that it returns replace those of the message. @default no change */
  readonly edit?: ((letter: DeadLetter) => LetterEdit | undefined) | undefined;
  /** Called for each letter that stays because the subscription's own filter does not let it pass any longer. @default none */
  readonly onHeldBack?: ((letter: DeadLetter) => void) | undefined;
  /**
   * Sends at most `max` letters in any span of `perMs`, spread evenly, so that a repaired worker is not flooded. At least one letter in
   * 10 s, because a taken letter has a lease. @default as fast as the broker takes them
   */
  readonly rate?: RateLimit | undefined;
}

/** Which dead letters `scan` shows, and to whom. */
export interface LetterScan {
  /** Called for each letter, once. The scan ends when it returns false. */
  readonly onLetter: (letter: DeadLetter) => boolean | void;
  /** The largest number of letters; at least 1. @default all */
  readonly limit?: number | undefined;
  /** When it aborts, the call rejects with the abort reason after the current letter. @default none */
  readonly signal?: AbortSignal | undefined;
}
