import type { Clock } from "@anytopic/core/driver";
import type { Channel, ConsumeMessage } from "amqplib";
import { answered, untilClosed } from "../connection/channels.ts";
import { LETTER_SILENCE_MS } from "../limits.ts";

/** Gets one letter. Must not throw. */
export type LetterListener = (letter: ConsumeMessage) => void;

/**
 * One consumer of a dead-letter queue, for so many letters and no more: its prefetch is that number, and none is settled while it
 * consumes. AMQP does not tell a consumer that its queue is empty. So the end is that all have arrived, or that none arrives for a while:
 * then others took them.
 *
 * The letters belong to the channel, also after `cancel`. The server answers a cancel in the order of the queue's log: that proves that the
 * queue has what was settled on this channel before.
 */
export class LetterWindow {
  readonly #clock: Clock;
  readonly #channel: Channel;
  readonly #ended = Promise.withResolvers<void>();
  #listener: LetterListener | undefined;
  #consumerTag = "";
  #cancelled: Promise<unknown> | undefined;
  /** How many letters it has, how large the largest is, and the delivery tag of the last one. */
  count = 0;
  largestBytes = 0;
  lastTag = 0;

  constructor(clock: Clock, channel: Channel) {
    this.#clock = clock;
    this.#channel = channel;
  }

  /** Resolves when `wanted` letters were given to `listener`, or fewer because there are no more. After that, `listener` is not called. */
  async read(queue: string, wanted: number, listener: LetterListener): Promise<void> {
    this.#listener = listener;
    try {
      // Sent one directly after the other, so that no other prefetch of this channel comes between them.
      const limited = this.#channel.prefetch(wanted);
      const consuming = this.#channel.consume(queue, (letter) => this.#hear(letter, wanted));
      const [, { consumerTag }] = await answered(this.#clock, this.#channel, Promise.all([limited, consuming]));
      this.#consumerTag = consumerTag;
      await this.#untilQuiet();
      // What is on its way arrives before the answer, or the server returns it.
      if (this.count < wanted) await this.cancel();
    } finally {
      this.#listener = undefined;
    }
  }

  /** To be called before the first letter is settled: else the consumer would get another one for it. */
  async cancel(): Promise<void> {
    this.#cancelled ??= answered(this.#clock, this.#channel, this.#channel.cancel(this.#consumerTag));
    await this.#cancelled;
  }

  #hear(letter: ConsumeMessage | null, wanted: number): void {
    if (letter === null) {
      // The server has ended the consumer: the queue was deleted, or its node stops.
      this.#cancelled = Promise.resolve();
      this.#ended.resolve();
    } else if (this.#listener === undefined || this.count === wanted) {
      this.#refuse(letter);
    } else {
      this.count += 1;
      this.largestBytes = Math.max(this.largestBytes, letter.content.byteLength);
      this.lastTag = letter.fields.deliveryTag;
      this.#listener(letter);
      if (this.count === wanted) this.#ended.resolve();
    }
  }

  /** Nobody would settle this letter. The server sends one too many when it has taken back another one, because our node was not reached. */
  #refuse(letter: ConsumeMessage): void {
    if (this.#consumerTag !== "") this.cancel().catch(() => {});
    try {
      this.#channel.nack(letter, false, true);
    } catch {
      // The channel is closing, and that returns it too.
    }
  }

  async #untilQuiet(): Promise<void> {
    let seen = this.count;
    const look = (): void => {
      if (seen === this.count) return this.#ended.resolve();
      seen = this.count;
      timer = this.#clock.setTimer(look, LETTER_SILENCE_MS);
    };
    let timer = this.#clock.setTimer(look, LETTER_SILENCE_MS);
    try {
      await untilClosed(this.#channel, this.#ended.promise);
    } finally {
      this.#clock.clearTimer(timer);
    }
  }
}
