import type { Capabilities } from "../contract/capabilities.ts";
import type { Clock } from "../base/clock.ts";
import { readLetter } from "./dead-letter-record.ts";
import type { DeadLetter } from "../contract/dead-letter.ts";
import type { DriverDeadLetters } from "../driver.ts";
import { editedLetter } from "./edited-letter.ts";
import { type LetterAction, LetterPass } from "./letter-pass.ts";
import type { LetterSelection, RedriveOptions } from "./letter-selection.ts";
import { requireInteger } from "../options/option-checks.ts";
import { resendable } from "../contract/received.ts";
import { peekLetters, purgeLetters } from "./taken-letters.ts";
import { untilAborted } from "../base/until-aborted.ts";

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
   *
   * Any number of letters is walked through in bounded memory. When `filter` leaves more than 10,000 letters, or 64 MiB
   * of bodies, those beyond are moved to the end of their queue: copied, then removed, so that an interruption may leave
   * one of them twice.
   *
   * @throws PubSubError `RESOURCE_EXHAUSTED` when the broker ended the walk before every letter was seen
   */
  redrive(options?: RedriveOptions): Promise<number>;
  /**
   * Deletes letters and returns how many. Without `filter` and `limit`: all, by the broker's own means. Otherwise walks
   * through them as `redrive` does.
   */
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
  const pass = async (selection: LetterSelection, act: LetterAction): Promise<number> => {
    const { letters, capabilities } = await untilAborted(opened(), selection.signal);
    const countsExactly = capabilities.deadLetterCount === "exact";
    return await new LetterPass({ letters, path, clock, startedMs: clock.now(), countsExactly }, selection).run(act);
  };
  return {
    count: async () => await (await opened()).letters.count(),
    async peek(options = {}): Promise<readonly DeadLetter[]> {
      const limit = requireInteger("limit", options.limit ?? 10, { min: 1, max: 1000 });
      return (await peekLetters((await opened()).letters, limit)).map((stored) => readLetter(stored, path));
    },
    redrive: async (options = {}) =>
      await pass(options, async (taken, letter) => {
        const { letters, capabilities } = await opened();
        const edited = editedLetter(taken, options.edit?.(letter), capabilities);
        await letters.redeliver({ ...resendable(taken), ...edited });
        await taken.remove();
      }),
    async purge(options?: LetterSelection): Promise<number> {
      if (options?.filter === undefined && options?.limit === undefined) {
        return await purgeLetters((await opened()).letters, clock);
      }
      return await pass(options, (taken) => taken.remove());
    },
  };
}
