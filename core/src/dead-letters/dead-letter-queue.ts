import type { Capabilities } from "../contract/capabilities.ts";
import { readLetter } from "./dead-letter-record.ts";
import type { DeadLetter } from "../contract/dead-letter.ts";
import type { DriverDeadLetters } from "../driver.ts";
import { editedLetter } from "./edited-letter.ts";
import { type LetterAction, LetterPass } from "./letter-pass.ts";
import { requireLimit, type LetterScan, type LetterSelection, type RedriveOptions } from "./letter-selection.ts";
import { type LettersOf, RedrivableLetters } from "./redrivable-letters.ts";
import { RedrivePace } from "./redrive-pace.ts";
import { checkedRateLimit } from "../declare/rate-limit.ts";
import { resendable } from "../contract/received.ts";
import { peekLetters, scanLetters } from "./scanned-letters.ts";
import { purgeLetters } from "./taken-letters.ts";
import { untilAborted } from "../base/until-aborted.ts";

/** The dead letters of one subscription. All methods may be called while workers run, and by several processes at the same time. */
export interface DeadLetterQueue {
  /** How many letters there are; on some brokers an estimate, see `Capabilities.deadLetterCount`. */
  count(): Promise<number>;
  /** Returns up to `limit` letters without removing them; 1 to 1000, default 10. */
  peek(options?: { readonly limit?: number | undefined }): Promise<readonly DeadLetter[]>;
  /**
   * Goes once through the letters without removing them, oldest first where the broker has an order, and resolves with the number of letters
   * that `onLetter` got. Keeps no letter, so that memory is bounded for any number of them.
   *
   * SQS and Pub/Sub cannot look without taking: there it ends after 10,000 letters or 64 MiB of bodies, and nobody else gets those until
   * it ends. RabbitMQ too hides what was shown from others until it ends, however many they are: do not scan while a redrive runs. Compare with `count` to know whether all were shown.
   */
  scan(options: LetterScan): Promise<number>;
  /**
   * Sends letters back to this subscription alone, as messages with the same id, body, attributes, ordering key and publish
   * time, with attempt 1 and without an expiry. Resolves with the number of letters. A letter is removed only after the broker has stored its
   * message: an interrupted call may deliver one message twice, loses none, and may be called again.
   *
   * Needs bounded memory for any number of letters. When `filter` leaves more than 10,000 letters or 64 MiB of bodies in the
   * queue, the others that it leaves are moved to the end of the queue: each is copied and then removed, so that an
   * interruption may leave one of them twice.
   *
   * A letter that the subscription's own filter does not let pass, because the filter has changed, is left too, and counted in the log:
   * a worker would acknowledge it unhandled. Its attributes after `edit` count.
   *
   * @throws PubSubError `RESOURCE_EXHAUSTED` when the broker gave no more letters before all were seen
   */
  redrive(options?: RedriveOptions): Promise<number>;
  /**
   * Deletes letters and resolves with their number. Without `filter` and `limit` it deletes all of them, with the broker's own
   * purge where there is one. Otherwise it goes through them as `redrive` does.
   */
  purge(options?: LetterSelection): Promise<number>;
}

/** An open dead-letter queue and its adapter's limits. */
export interface OpenLetters {
  readonly letters: DriverDeadLetters;
  readonly capabilities: Capabilities;
}

/** @param open called on first use, and again after a failure */
export function createDeadLetterQueue(open: () => Promise<OpenLetters>, of: LettersOf): DeadLetterQueue {
  const { path, clock } = of;
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
  const pass = async (selection: LetterSelection, act: LetterAction, pace?: RedrivePace): Promise<number> => {
    const { letters, capabilities } = await untilAborted(opened(), selection.signal);
    const countsExactly = capabilities.deadLetterCount === "exact";
    return await new LetterPass({ letters, path, clock, startedMs: clock.now(), countsExactly, pace }, selection).run(
      act,
    );
  };
  return {
    count: async () => await (await opened()).letters.count(),
    async peek(options = {}): Promise<readonly DeadLetter[]> {
      const limit = requireLimit(options.limit ?? 10, 1000);
      return (await peekLetters((await opened()).letters, limit)).map((stored) => readLetter(stored, path));
    },
    async scan({ onLetter, limit = Number.POSITIVE_INFINITY, signal }): Promise<number> {
      if (limit !== Number.POSITIVE_INFINITY) requireLimit(limit);
      const { letters } = await untilAborted(opened(), signal);
      let shown = 0;
      await scanLetters(letters, limit, (stored) => {
        if (signal?.aborted === true) return false;
        shown += 1;
        return onLetter(readLetter(stored, path)) !== false && shown < limit;
      });
      signal?.throwIfAborted();
      return shown;
    },
    async redrive(options = {}): Promise<number> {
      const pace =
        options.rate === undefined ? undefined : new RedrivePace(checkedRateLimit("rate", options.rate), clock);
      const redrivable = new RedrivableLetters(options, of);
      const done = await pass(
        redrivable.selection,
        async (taken, letter) => {
          const { letters, capabilities } = await opened();
          const edited = editedLetter(taken, redrivable.edit(letter), capabilities);
          await letters.redeliver({ ...resendable(taken), ...edited });
          await taken.remove();
        },
        pace,
      );
      redrivable.reportLeft();
      return done;
    },
    async purge(options?: LetterSelection): Promise<number> {
      if (options?.filter === undefined && options?.limit === undefined) {
        return await purgeLetters((await opened()).letters, clock);
      }
      return await pass(options, (taken) => taken.remove());
    },
  };
}
