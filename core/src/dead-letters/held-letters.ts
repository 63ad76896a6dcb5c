import type { DriverDeadLetters, TakenLetter } from "../driver.ts";
import { PubSubError } from "../base/errors.ts";
import { LetterMarks } from "./letter-marks.ts";
import { resendable } from "../contract/received.ts";

/** Letters that a pass leaves are held until it ends, so that it does not get them again; at most this many … */
const MAX_HELD = 10_000;
/** … and at most this many bytes of their bodies. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;
/** This many letters that cannot be moved are held beyond that. With more, the pass fails, because memory is bounded. */
const MAX_UNMOVABLE = 100;

/** A letter that a pass leaves in the queue. */
export interface LeftLetter {
  readonly mark: bigint;
  readonly taken: TakenLetter;
  /** Whether the pass got it for the first time. */
  readonly isNew: boolean;
}

/**
 * The letters that a pass leaves in the queue. The first ones keep their places: they are held under their leases and put back at the
 * end. Letters beyond the bounds are moved to the end of the queue: a copy is stored, then the letter is removed. A letter that is
 * put back would be taken again at once, before letters that the pass has not seen.
 */
export class HeldLetters {
  readonly #letters: DriverDeadLetters;
  readonly #held = new Map<bigint, TakenLetter>();
  /** The moved letters, by content: where the driver marks letters, a copy has another mark than its original. */
  readonly #moved = new LetterMarks();
  /** To be put back later: letters that were taken again, because their lease expired or because there were two of them. */
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

  /** Whether it is a copy that was stored here, or has the same content as one: it is left in the queue too. */
  wasMoved(taken: TakenLetter): boolean {
    return taken.mark !== undefined && this.#moved.size > 0 && this.#moved.has(this.#moved.contentMarkOf(taken));
  }

  /** Holds or moves the letters of one batch, in their order. @throws the error of `store`, when it fails too often */
  async keep(letters: readonly LeftLetter[]): Promise<void> {
    const lanes = new Map<unknown, LeftLetter[]>();
    for (const left of letters) {
      const { mark, taken, isNew } = left;
      const before = this.#held.get(mark);
      if (before === undefined && this.#hasRoom(taken)) {
        this.#hold(left);
      } else if (before === undefined && !isNew) {
        // It was moved before, or was redriven and failed again.
        this.#replaced.push(taken);
      } else {
        // Its lease expired before the pass ended: if it is held again, it is taken first again.
        if (before !== undefined) this.#forget(mark, before);
        // Moved letters keep their order by key.
        const lane = taken.orderingKey ?? mark;
        lanes.set(lane, [...(lanes.get(lane) ?? []), left]);
      }
    }
    if (this.#replaced.length > MAX_HELD) await this.#putBackReplaced();
    const outcomes = await Promise.allSettled([...lanes.values()].map(async (lane) => await this.#moveAll(lane)));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  /** Puts all letters back. */
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
      // Its lease expired meanwhile: there are two copies now, and the second is recognised.
      if (!(error instanceof PubSubError) || error.code !== "LEASE_LOST") throw error;
    }
  }
}
