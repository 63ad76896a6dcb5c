import type { Channel, Message } from "amqplib";
import type { LetterWindow } from "./letter-window.ts";

interface Returning {
  readonly letter: Message;
  readonly window: LetterWindow | undefined;
  readonly done: PromiseWithResolvers<void>;
}

/**
 * Puts letters back one after the other, in the order of the calls. The end of a window proves that the returns before it were applied: a
 * server that has more than 32 to apply puts the others into the queue in no order (3.10).
 */
export class LetterReturns {
  readonly #channel: Channel;
  readonly #processed: () => Promise<unknown>;
  #waiting: Returning[] = [];
  #running = false;

  /** @param processed resolves when the server has processed the returns on the channel */
  constructor(channel: Channel, processed: () => Promise<unknown>) {
    this.#channel = channel;
    this.#processed = processed;
  }

  /** Resolves when the server has processed the return. */
  putBack(letter: Message, window: LetterWindow | undefined): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ letter, window, done });
    if (!this.#running) void this.#run();
    return done.promise;
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      // One question for all that are put back in this turn.
      await Promise.resolve();
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        for (const { letter, window } of batch) {
          await window?.cancel();
          this.#channel.nack(letter, false, true);
        }
        await this.#processed();
        for (const { done } of batch) done.resolve();
      } catch (error) {
        for (const { done } of batch) done.reject(error);
      }
    }
    this.#running = false;
  }
}
