import type { DeadLetterQueue } from "./dead-letter-queue.ts";
import { requireLimit, type LetterSelection } from "./letter-selection.ts";
import type { DeadLetter } from "../contract/dead-letter.ts";

/** Presents the dead-letter queues of a subscription on several connections as one: one connection after the other. */
export function combinedDeadLetterQueue(queues: readonly DeadLetterQueue[]): DeadLetterQueue {
  /** Goes through the queues until `limit` is reached. A letter is redriven on its own connection. */
  const walk = async <Selection extends LetterSelection>(
    selection: Selection,
    act: (queue: DeadLetterQueue, selection: Selection) => Promise<number>,
  ): Promise<number> => {
    const { limit = Number.POSITIVE_INFINITY, onProgress } = selection;
    if (selection.limit !== undefined) requireLimit(selection.limit);
    let done = 0;
    let seen = 0;
    for (const queue of queues) {
      if (done >= limit) break;
      const before = done;
      const seenBefore = seen;
      const progress = (count: number, looked: number): void => {
        seen = seenBefore + looked;
        onProgress?.(before + count, seen);
      };
      done += await act(queue, {
        ...selection,
        ...(selection.limit === undefined ? {} : { limit: limit - before }),
        ...(onProgress === undefined ? {} : { onProgress: progress }),
      });
    }
    return done;
  };
  return {
    async count(): Promise<number> {
      const counts = await Promise.all(queues.map((queue) => queue.count()));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    async peek(options = {}): Promise<readonly DeadLetter[]> {
      const limit = requireLimit(options.limit ?? 10, 1000);
      const found: DeadLetter[] = [];
      for (const queue of queues) {
        if (found.length < limit) found.push(...(await queue.peek({ limit: limit - found.length })));
      }
      return found;
    },
    async scan({ onLetter, limit = Number.POSITIVE_INFINITY, signal }): Promise<number> {
      let shown = 0;
      let goesOn = true;
      const visit = (letter: DeadLetter): boolean => {
        goesOn = onLetter(letter) !== false;
        return goesOn;
      };
      if (limit !== Number.POSITIVE_INFINITY) requireLimit(limit);
      for (const queue of queues) {
        if (!goesOn || shown >= limit) break;
        shown += await queue.scan({ onLetter: visit, limit: limit - shown, signal });
      }
      return shown;
    },
    redrive: async (options = {}) => await walk(options, (queue, selection) => queue.redrive(selection)),
    async purge(options?: LetterSelection): Promise<number> {
      return await walk(options ?? {}, (queue, selection) => queue.purge(selection));
    },
  };
}
