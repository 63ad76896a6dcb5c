import type { Clock } from "../base/clock.ts";
import { readLetter } from "./dead-letter-record.ts";
import { requireLimit, type LetterSelection } from "./letter-selection.ts";
import type { DeadLetter } from "../contract/dead-letter.ts";
import type { DriverDeadLetters, TakenLetter } from "../driver.ts";
import { PubSubError } from "../base/errors.ts";
import { HeldLetters, type LeftLetter } from "./held-letters.ts";
import { LetterMarks } from "./letter-marks.ts";
import type { RedrivePace } from "./redrive-pace.ts";
import { takeLetters } from "./taken-letters.ts";
import { untilAborted } from "../base/until-aborted.ts";

/** Letters taken at a time. */
const BATCH = 100;
/** When at least this many letters are held, an empty answer may mean the broker's limit of unsettled messages, not the end. */
const SUSPICIOUS_HELD = 1000;
/** With four times the letters of the beginning, and this many more, letters are stored faster than they are read. */
const RUNAWAY = 100_000;

export type LetterAction = (taken: TakenLetter, letter: DeadLetter) => Promise<void>;

/** The queue of a pass. */
export interface PassContext {
  readonly letters: DriverDeadLetters;
  /** `topic/subscription`. */
  readonly path: string;
  readonly clock: Clock;
  /** When the pass began, in Unix ms. */
  readonly startedMs: number;
  /** Whether `count` is exact. */
  readonly countsExactly: boolean;
  /** @default as fast as possible */
  readonly pace?: RedrivePace | undefined;
}

/**
 * Goes once through the letters that existed when it began: any number of them, in bounded memory. It acts on every letter at most
 * once, also when a letter is redriven and fails again meanwhile.
 *
 * It ends when the broker gives no more letters, or no new ones: after as many known letters in a row as are held, or earlier when as
 * many were seen as existed.
 */
export class LetterPass {
  readonly #context: PassContext;
  readonly #selection: LetterSelection;
  readonly #marks = new LetterMarks();
  readonly #held: HeldLetters;
  /** Letters that were taken and not used when the pass ended. */
  #unused: readonly TakenLetter[] = [];
  #total = 0;
  #done = 0;
  /** How many known letters that are not held were taken since the last new one. */
  #again = 0;

  constructor(context: PassContext, selection: LetterSelection) {
    if (selection.limit !== undefined) requireLimit(selection.limit);
    this.#context = context;
    this.#selection = selection;
    this.#held = new HeldLetters(context.letters);
  }

  /**
   * Resolves with the number of letters that `act` was called for.
   *
   * @throws PubSubError `RESOURCE_EXHAUSTED` when it had to end before it had seen all letters
   */
  async run(act: LetterAction): Promise<number> {
    const { filter, limit = Number.POSITIVE_INFINITY, signal } = this.#selection;
    this.#total = await untilAborted(this.#context.letters.count(), signal);
    try {
      while (this.#done < limit) {
        signal?.throwIfAborted();
        const most = Math.min(BATCH, this.#context.pace?.batch ?? BATCH);
        const batch = await this.#take(filter === undefined ? Math.min(most, limit - this.#done) : most);
        if (batch.length === 0) {
          await this.#requireAllSeen();
          break;
        }
        await this.#walk(batch, act, limit);
        if (this.#again === 0 && this.#marks.size <= 4 * this.#total + RUNAWAY) continue;
        if (this.#marks.size >= this.#total) break;
        if (this.#again > this.#held.size + 2 * BATCH) {
          await this.#requireAllSeen();
          break;
        }
      }
    } finally {
      await this.#held.putBack(this.#unused);
    }
    return this.#done;
  }

  async #take(limit: number): Promise<readonly TakenLetter[]> {
    const { letters, clock } = this.#context;
    const { signal } = this.#selection;
    const taking = takeLetters(letters, limit, clock, signal);
    try {
      return await untilAborted(taking, signal);
    } catch (error) {
      const putBack = (late: readonly TakenLetter[]): unknown =>
        Promise.allSettled(late.map((taken) => taken.putBack()));
      taking.then(putBack, () => {});
      throw error;
    }
  }

  /** One letter after the other, to keep the order by key. */
  async #walk(batch: readonly TakenLetter[], act: LetterAction, limit: number): Promise<void> {
    const left: LeftLetter[] = [];
    const doneBefore = this.#done;
    for (const [index, taken] of batch.entries()) {
      // If this one fails, the letters after it are put back.
      this.#unused = [...left.map((one) => one.taken), ...batch.slice(index)];
      if (this.#done >= limit) return;
      this.#selection.signal?.throwIfAborted();
      const mark = this.#marks.markOf(taken);
      const isNew = !this.#held.wasMoved(taken) && this.#marks.add(mark);
      if (isNew) this.#again = 0;
      // A held letter that is taken again is moved now, so that it is not taken a third time.
      else if (!this.#held.has(mark)) this.#again += 1;
      const letter = readLetter(taken, this.#context.path);
      if (!isNew || this.#isLate(letter) || this.#selection.filter?.(letter) === false) {
        left.push({ mark, taken, isNew });
        continue;
      }
      await this.#context.pace?.turn(this.#selection.signal);
      this.#selection.signal?.throwIfAborted();
      await act(taken, letter);
      this.#done += 1;
      this.#unused = [...left.map((one) => one.taken), ...batch.slice(index + 1)];
      this.#selection.onProgress?.(this.#done, this.#marks.size);
    }
    this.#unused = [];
    await this.#held.keep(left);
    if (this.#done === doneBefore) this.#selection.onProgress?.(this.#done, this.#marks.size);
  }

  /**
   * Letters that arrived after the pass began are left, or it might never end. Checked only after as many were seen as existed,
   * because the time in a letter is of its worker's clock, which may be ahead of this one.
   */
  #isLate(letter: DeadLetter): boolean {
    if (this.#marks.size <= this.#total) return false;
    // Letters of the broker itself have no time.
    if (letter.reason === "backstop") return this.#marks.size > 2 * this.#total + 1000;
    return letter.lastFailureTime.getTime() >= this.#context.startedMs;
  }

  async #requireAllSeen(): Promise<void> {
    const seen = this.#marks.size;
    const isSuspicious = this.#again > 0 || this.#held.size >= SUSPICIOUS_HELD;
    if (!isSuspicious || seen >= this.#total || !this.#context.countsExactly) return;
    // Another process may have removed them meanwhile.
    const left = await untilAborted(this.#context.letters.count(), this.#selection.signal);
    if (left <= this.#held.size) return;
    throw new PubSubError(
      "RESOURCE_EXHAUSTED",
      `the dead letters of ${this.#context.path}: ${this.#done} were done and ${seen} of ${this.#total} seen; the broker ` +
        "gives no more while those are in hand: call again, or allow more unsettled messages at the broker",
    );
  }
}
