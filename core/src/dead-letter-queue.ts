import type { Capabilities } from "./capabilities.ts";
import type { Clock } from "./clock.ts";
import { readLetter } from "./dead-letter-record.ts";
import type { DeadLetter } from "./dead-letter.ts";
import type { DriverDeadLetters, TakenLetter } from "./driver.ts";
import { editedLetter, type LetterEdit } from "./edited-letter.ts";
import { requireInteger } from "./option-checks.ts";
import { boundedId, boundedTimeMs } from "./received.ts";
import { untilAborted } from "./until-aborted.ts";

export interface LetterSelection {
  /** Only letters for which it returns true. @default all */
  readonly filter?: ((letter: DeadLetter) => boolean) | undefined;
  /** At most so many. @default all that were there when the call began */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each letter with the number done so far. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

export interface RedriveOptions extends LetterSelection {
  /** Changes a letter on its way back: what it returns replaces body or attributes. */
  readonly edit?: ((letter: DeadLetter) => LetterEdit | undefined) | undefined;
}

/** Letters taken at a time. */
const BATCH = 100;
/** Letters that do not match are held until the end of the pass, so that they are not met again; at most so many. */
const MAX_KEPT = 10_000;

/** The dead letters of one subscription. Safe under live traffic and in several processes at once. */
export interface DeadLetterQueue {
  /** How many there are; on some brokers an estimate, see `Capabilities.deadLetterCount`. */
  count(): Promise<number>;
  /** Looks without removing. `limit` 1 to 1000. @default 10 */
  peek(options?: { readonly limit?: number | undefined }): Promise<readonly DeadLetter[]>;
  /**
   * Puts letters back to this subscription, as new messages with the same id, body, attributes, key and publish time,
   * attempts counted from 1. A letter is removed only after its message is safely back: interrupted, it may come twice,
   * never not at all, and calling again goes on. Returns how many went back.
   */
  redrive(options?: RedriveOptions): Promise<number>;
  /** Deletes letters and returns how many. Without options: all, by the broker's own means. */
  purge(options?: LetterSelection): Promise<number>;
}

/** An open dead-letter queue, and what its adapter allows in a message. */
export interface OpenLetters {
  readonly letters: DriverDeadLetters;
  readonly capabilities: Capabilities;
}

/** `open` is called on first use and again after a failure. */
export function createDeadLetterQueue(open: () => Promise<OpenLetters>, path: string, clock: Clock): DeadLetterQueue {
  let opening: Promise<OpenLetters> | undefined;
  const opened = async (): Promise<OpenLetters> => {
    opening ??= open();
    try {
      return await opening;
    } catch (error) {
      opening = undefined;
      throw error;
    }
  };
  const pass = async (
    selection: LetterSelection,
    act: (taken: TakenLetter, letter: DeadLetter) => Promise<void>,
  ): Promise<number> => {
    const { letters } = await untilAborted(opened(), selection.signal);
    return await new LetterPass(letters, path, clock.now(), selection).run(act);
  };
  return {
    count: async () => await (await opened()).letters.count(),
    async peek(options = {}): Promise<readonly DeadLetter[]> {
      const limit = requireInteger("limit", options.limit ?? 10, { min: 1, max: 1000 });
      return (await (await opened()).letters.peek(limit)).map((stored) => readLetter(stored, path));
    },
    redrive: async (options = {}) =>
      await pass(options, async (taken, letter) => {
        const { orderingKey } = taken;
        const id = boundedId(taken.id);
        const publishTimeMs = boundedTimeMs(taken.publishTimeMs);
        const { letters, capabilities } = await opened();
        const { body, attributes } = editedLetter(taken, options.edit?.(letter), capabilities);
        await letters.redeliver({ id, orderingKey, publishTimeMs, body, attributes });
        await taken.remove();
      }),
    async purge(options?: LetterSelection): Promise<number> {
      if (options?.filter === undefined && options?.limit === undefined) return await (await opened()).letters.purge();
      return await pass(options, (taken) => taken.remove());
    },
  };
}

/** One walk over the letters that were there when it began. */
class LetterPass {
  readonly #letters: DriverDeadLetters;
  readonly #path: string;
  readonly #startedMs: number;
  readonly #selection: LetterSelection;
  readonly #seen = new Set<string>();
  readonly #kept: TakenLetter[] = [];
  #done = 0;

  constructor(letters: DriverDeadLetters, path: string, startedMs: number, selection: LetterSelection) {
    if (selection.limit !== undefined)
      requireInteger("limit", selection.limit, { min: 1, max: Number.MAX_SAFE_INTEGER });
    this.#letters = letters;
    this.#path = path;
    this.#startedMs = startedMs;
    this.#selection = selection;
  }

  async run(act: (taken: TakenLetter, letter: DeadLetter) => Promise<void>): Promise<number> {
    const limit = this.#selection.limit ?? Number.POSITIVE_INFINITY;
    try {
      while (this.#done < limit && this.#kept.length < MAX_KEPT) {
        this.#selection.signal?.throwIfAborted();
        const taken = await this.#take(Math.min(BATCH, limit - this.#done));
        if (!(await this.#walk(taken, act))) break;
      }
    } finally {
      await Promise.allSettled(this.#kept.map((taken) => taken.putBack()));
    }
    return this.#done;
  }

  async #take(limit: number): Promise<readonly TakenLetter[]> {
    const taking = this.#letters.take(limit);
    try {
      return await untilAborted(taking, this.#selection.signal);
    } catch (error) {
      const putBack = (late: readonly TakenLetter[]): unknown =>
        Promise.allSettled(late.map((taken) => taken.putBack()));
      taking.then(putBack, () => {});
      throw error;
    }
  }

  /** Returns false when there was nothing that had not been seen. In order, one by one: order per key must hold. */
  async #walk(
    batch: readonly TakenLetter[],
    act: (taken: TakenLetter, letter: DeadLetter) => Promise<void>,
  ): Promise<boolean> {
    let fresh = false;
    for (const [index, taken] of batch.entries()) {
      const letter = readLetter(taken, this.#path);
      const mark = markOf(taken);
      const isNew = !this.#seen.has(mark);
      fresh ||= isNew;
      this.#seen.add(mark);
      try {
        this.#selection.signal?.throwIfAborted();
        if (!isNew || !this.#selects(letter)) {
          this.#kept.push(taken);
          continue;
        }
        await act(taken, letter);
      } catch (error) {
        this.#kept.push(...batch.slice(index));
        throw error;
      }
      this.#done += 1;
      try {
        this.#selection.onProgress?.(this.#done);
      } catch (error) {
        this.#kept.push(...batch.slice(index + 1));
        throw error;
      }
    }
    return fresh;
  }

  /** Letters that arrived after the pass began are left: they may be the ones that just went back and failed again. */
  #selects(letter: DeadLetter): boolean {
    if (letter.reason !== "backstop" && letter.lastFailureTime.getTime() > this.#startedMs) return false;
    return this.#selection.filter?.(letter) ?? true;
  }
}

/** Tells messages apart within one pass. Not by the id alone: a message that was published twice may have died twice. */
function markOf({ id, publishTimeMs }: TakenLetter): string {
  return `${boundedId(id)} ${publishTimeMs}`;
}
