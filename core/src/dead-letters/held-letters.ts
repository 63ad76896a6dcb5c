import type { DriverDeadLetters, TakenLetter } from "../driver.ts";
import { PubSubError } from "../base/errors.ts";
import { LetterMarks } from "./letter-marks.ts";
import { resendable } from "../contract/received.ts";

/** Letters that a pass leaves are held until it ends, so that they are not met again; at most so many … */
const MAX_HELD = 10_000;
/** … and at most so many bytes of their bodies. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;
/** So many letters that cannot be moved are held beyond that. Then the pass fails, for memory is bounded. */
const MAX_UNMOVABLE = 100;

/** A letter that a pass leaves. */
export interface LeftLetter {
  readonly mark: bigint;
  readonly taken: TakenLetter;
  /** Whether it was met for the first time. */
  readonly isNew: boolean;
}

/**
 * What a pass leaves in the queue. The first letters keep their places: they are held under their leases and put back
 * at the end. What is beyond the bounds is moved to the end of its queue: a copy is stored, then the letter removed.
 * Putting it back instead would bring it again at once, before letters that nobody has looked at.
 */
export class HeldLetters {
  readonly #letters: DriverDeadLetters;
  readonly #held = new Map<bigint, TakenLetter>();
  /** What was moved, by content: where the driver marks letters, a copy has another mark than its original. */
  readonly #moved = new LetterMarks();
  /** Put back later: handles of letters that came again, whose lease has ended or who had a twin. */
  #replaced: TakenLetter[] = [];
  #bytes = 0;
  #unmovable = 0;

  constructor(letters: DriverDeadLetters) {
    this.#letters = letters;
  }

  get size(): number {
    return this.#held.size;
  }

  has(mark: bigint): boolean {
    return this.#held.has(mark);
  }

  /** Whether it is a copy that was stored here. One that does not differ from a letter that was left is to be left too. */
  wasMoved(taken: TakenLetter): boolean {
    return taken.mark !== undefined && this.#moved.size > 0 && this.#moved.has(this.#moved.contentMarkOf(taken));
  }

  /** Letters of one batch, in their order. @throws what `store` did, when it goes on failing */
  async keep(letters: readonly LeftLetter[]): Promise<void> {
    const lanes = new Map<unknown, LeftLetter[]>();
    for (const left of letters) {
      const { mark, taken, isNew } = left;
      const before = this.#held.get(mark);
      if (before === undefined && this.#hasRoom(taken)) {
        this.#hold(left);
      } else if (before === undefined && !isNew) {
        // Moved already, or it went back and failed again.
        this.#replaced.push(taken);
      } else {
        // Its lease ended before the pass: held again, it would come first again.
        if (before !== undefined) this.#forget(mark, before);
        // Order per key holds among those that move.
        const lane = taken.orderingKey ?? mark;
        lanes.set(lane, [...(lanes.get(lane) ?? []), left]);
      }
    }
    if (this.#replaced.length > MAX_HELD) await this.#putBackReplaced();
    const outcomes = await Promise.allSettled([...lanes.values()].map(async (lane) => await this.#moveAll(lane)));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  /** Puts everything back into its place. */
  async putBack(others: readonly TakenLetter[]): Promise<void> {
    const all = [...this.#held.values(), ...others];
    this.#held.clear();
    await this.#putBackReplaced();
    await Promise.allSettled(all.map((taken) => taken.putBack()));
  }

  async #putBackReplaced(): Promise<void> {
    const replaced = this.#replaced;
    this.#replaced = [];
    await Promise.allSettled(replaced.map((taken) => taken.putBack()));
  }

  #hasRoom({ body }: TakenLetter): boolean {
    return this.#held.size < MAX_HELD && this.#bytes + body.byteLength <= MAX_HELD_BYTES;
  }

  #hold({ mark, taken }: LeftLetter): void {
    this.#bytes += taken.body.byteLength - (this.#held.get(mark)?.body.byteLength ?? 0);
    this.#held.set(mark, taken);
  }

  #forget(mark: bigint, taken: TakenLetter): void {
    this.#bytes -= taken.body.byteLength;
    this.#held.delete(mark);
    this.#replaced.push(taken);
  }

  async #moveAll(lane: readonly LeftLetter[]): Promise<void> {
    for (const [index, left] of lane.entries()) {
      try {
        await this.#move(left);
      } catch (error) {
        for (const rest of lane.slice(index)) this.#hold(rest);
        throw error;
      }
    }
  }

  async #move(left: LeftLetter): Promise<void> {
    const { taken } = left;
    try {
      await this.#letters.store(resendable(taken));
      if (taken.mark !== undefined) this.#moved.add(this.#moved.contentMarkOf(taken));
    } catch (error) {
      this.#unmovable += 1;
      if (this.#unmovable > MAX_UNMOVABLE) throw error;
      this.#hold(left);
      return;
    }
    try {
      await taken.remove();
    } catch (error) {
      // Its lease ended meanwhile: it is there twice, and is known when it is met again.
      if (!(error instanceof PubSubError) || error.code !== "LEASE_LOST") throw error;
    }
  }
}
