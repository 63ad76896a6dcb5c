import type { Clock } from "../base/clock.ts";
import { readLetter } from "./dead-letter-record.ts";
import type { LetterSelection } from "./letter-selection.ts";
import type { DeadLetter } from "../contract/dead-letter.ts";
import type { DriverDeadLetters, TakenLetter } from "../driver.ts";
import { PubSubError } from "../base/errors.ts";
import { HeldLetters, type LeftLetter } from "./held-letters.ts";
import { LetterMarks } from "./letter-marks.ts";
import { takeLetters } from "./taken-letters.ts";
import { requireInteger } from "../base/option-checks.ts";
import { untilAborted } from "../base/until-aborted.ts";

/** Letters taken at a time. */
const BATCH = 100;
/** An empty answer with at least so many letters in hand may be the broker's limit of unsettled messages, not the end. */
const SUSPICIOUS_HELD = 1000;
/** Four times as many letters as there were, and so many more: something stores them faster than they are read. */
const RUNAWAY = 100_000;

export type LetterAction = (taken: TakenLetter, letter: DeadLetter) => Promise<void>;

/** What a pass walks over. */
export interface PassContext {
  readonly letters: DriverDeadLetters;
  /** `topic/subscription`. */
  readonly path: string;
  readonly clock: Clock;
  /** When the pass began, in Unix ms. */
  readonly startedMs: number;
  /** Whether `count` is exact. */
  readonly countsExactly: boolean;
}

/**
 * One walk over the letters that were there when it began: any number of them, in bounded memory. Every letter is acted
 * on at most once, also when it goes back and fails again meanwhile.
 *
 * It ends when nothing comes any more, or when nothing new comes: after as many known letters in a row as are in hand,
 * or sooner when as many were seen as there were.
 */
export class LetterPass {
  readonly #context: PassContext;
  readonly #selection: LetterSelection;
  readonly #marks = new LetterMarks();
  readonly #held: HeldLetters;
  /** In hand when the pass ended before their turn. */
  #unused: readonly TakenLetter[] = [];
  #total = 0;
  #done = 0;
  /** Letters met again that were not held, since the last new one. */
  #again = 0;

  constructor(context: PassContext, selection: LetterSelection) {
    if (selection.limit !== undefined)
      requireInteger("limit", selection.limit, { min: 1, max: Number.MAX_SAFE_INTEGER });
    this.#context = context;
    this.#selection = selection;
    this.#held = new HeldLetters(context.letters);
  }

  /**
   * Returns how many letters were acted on.
   *
   * @throws PubSubError `RESOURCE_EXHAUSTED` when it had to end before it had seen them all
   */
  async run(act: LetterAction): Promise<number> {
    const { filter, limit = Number.POSITIVE_INFINITY, signal } = this.#selection;
    this.#total = await untilAborted(this.#context.letters.count(), signal);
    try {
      while (this.#done < limit) {
        signal?.throwIfAborted();
        const batch = await this.#take(filter === undefined ? Math.min(BATCH, limit - this.#done) : BATCH);
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

  /** In order, one by one: order per key must hold. */
  async #walk(batch: readonly TakenLetter[], act: LetterAction, limit: number): Promise<void> {
    const left: LeftLetter[] = [];
    const doneBefore = this.#done;
    for (const [index, taken] of batch.entries()) {
      // Whatever happens to this one, those after it are not lost.
      this.#unused = [...left.map((one) => one.taken), ...batch.slice(index)];
      if (this.#done >= limit) return;
      this.#selection.signal?.throwIfAborted();
      const mark = this.#marks.markOf(taken);
      const isNew = !this.#held.wasMoved(taken) && this.#marks.add(mark);
      if (isNew) this.#again = 0;
      // One that was held and comes again is moved now, so it does not come a third time.
      else if (!this.#held.has(mark)) this.#again += 1;
      if (!isNew) {
        left.push({ mark, taken, isNew });
        continue;
      }
      const letter = readLetter(taken, this.#context.path);
      if (this.#isLate(letter) || this.#selection.filter?.(letter) === false) {
        left.push({ mark, taken, isNew });
        continue;
      }
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
   * Letters that arrived after the pass began are left, or it might never end. Which those are is asked only once as many
   * were seen as there were: the time in a letter is its worker's, whose clock may be ahead of this one's.
   */
  #isLate(letter: DeadLetter): boolean {
    if (this.#marks.size <= this.#total) return false;
    // The broker's own letters do not say when.
    if (letter.reason === "backstop") return this.#marks.size > 2 * this.#total + 1000;
    return letter.lastFailureTime.getTime() >= this.#context.startedMs;
  }

  async #requireAllSeen(): Promise<void> {
    const seen = this.#marks.size;
    const isSuspicious = this.#again > 0 || this.#held.size >= SUSPICIOUS_HELD;
    if (!isSuspicious || seen >= this.#total || !this.#context.countsExactly) return;
    // Somebody else may have removed them meanwhile.
    const left = await untilAborted(this.#context.letters.count(), this.#selection.signal);
    if (left <= this.#held.size) return;
    throw new PubSubError(
      "RESOURCE_EXHAUSTED",
      `the dead letters of ${this.#context.path}: ${this.#done} were done and ${seen} of ${this.#total} seen; the broker ` +
        "gives no more while those are in hand: call again, or allow more unsettled messages at the broker",
    );
  }
}
