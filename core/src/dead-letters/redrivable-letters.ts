import type { DeadLetter } from "../contract/dead-letter.ts";
import type { Attributes } from "../contract/message.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { LetterEdit } from "./edited-letter.ts";
import type { LetterSelection, RedriveOptions } from "./letter-selection.ts";

/** What a dead-letter queue needs to know of its subscription. */
export interface LettersOf {
  /** `topic/subscription`. */
  readonly path: string;
  /** The subscription's filter as it is now. `undefined` when it takes every message. */
  takes(): ((attributes: Attributes) => boolean) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The letters that one redrive may send back: those of its caller that the subscription's filter lets pass now. The others stay, because a
 * worker would acknowledge them without a handler, and they would be gone.
 */
export class RedrivableLetters {
  readonly #options: RedriveOptions;
  readonly #of: LettersOf;
  readonly #takes: ReturnType<LettersOf["takes"]>;
  /** What `edit` said, which is called once for each letter. */
  readonly #edits = new WeakMap<DeadLetter, { readonly edit: LetterEdit | undefined }>();
  #left = 0;

  constructor(options: RedriveOptions, of: LettersOf) {
    this.#options = options;
    this.#of = of;
    this.#takes = of.takes();
  }

  get selection(): LetterSelection {
    const takes = this.#takes;
    if (takes === undefined) return this.#options;
    const { filter } = this.#options;
    return { ...this.#options, filter: (letter) => filter?.(letter) !== false && this.#passes(letter, takes) };
  }

  edit(letter: DeadLetter): LetterEdit | undefined {
    const known = this.#edits.get(letter);
    return known === undefined ? this.#options.edit?.(letter) : known.edit;
  }

  /** Says in the log how many letters the subscription's filter has left, once, when the pass has ended. */
  reportLeft(): void {
    if (this.#left === 0) return;
    const { logger, path } = this.#of;
    logger.warn(
      { subscription: path, letters: this.#left },
      `${this.#left} dead letters of ${path} stay: its filter does not let them pass any longer`,
    );
  }

  #passes(letter: DeadLetter, takes: NonNullable<ReturnType<LettersOf["takes"]>>): boolean {
    const edit = this.edit(letter);
    this.#edits.set(letter, { edit });
    // What is no `LetterEdit` is refused when the letter is sent.
    if (takes(edit?.attributes ?? letter.attributes)) return true;
    this.#left += 1;
    this.#options.onHeldBack?.(letter);
    return false;
  }
}
