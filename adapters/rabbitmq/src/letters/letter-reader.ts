import type { Clock } from "@anytopic/core/driver";
import type { Channel, Message } from "amqplib";
import { answered } from "../connection/channels.ts";
import { LETTER_WINDOW_BYTES, MAX_TAKE_BYTES } from "../limits.ts";
import { LetterWindow } from "./letter-window.ts";

/** How many letters are asked for at once in the beginning, when nothing is known of their sizes. */
const FIRST_WINDOW = 30;
/** How many times as many may be asked for next. */
const GROWTH = 4;
/** The server puts the letters of one return of more than 32 into its queue in no order (3.10). */
const RETURNED_TOGETHER = 32;

/** A letter that was read, and the window that it came in: undefined if it was fetched alone. */
export interface ReadLetter {
  readonly letter: Message;
  readonly window: LetterWindow | undefined;
}

interface Read {
  readonly firstTag: number;
  readonly window: LetterWindow | undefined;
}

/**
 * Reads letters in the order of their queue. They stay unsettled, and belong to the channel.
 *
 * `basic.get` alone costs a round trip for each letter, and the server a consumer for each that is held: 30,000 letters took 53 s, and the
 * time grew faster than their number. So each `get` is followed by a window, for as many letters as the answer of the `get` says are left.
 * See docs/adr/117-rabbitmq-letter-windows.md.
 */
export class LetterReader {
  readonly #clock: Clock;
  readonly #channel: Channel;
  readonly #queue: string;
  readonly #mostInWindow: number;
  readonly #read: Read[] = [];
  #size = FIRST_WINDOW;

  constructor(clock: Clock, channel: Channel, queue: string, mostInWindow: number) {
    this.#clock = clock;
    this.#channel = channel;
    this.#queue = queue;
    this.#mostInWindow = mostInWindow;
  }

  /** Reads up to `limit` letters: fewer if the queue has no more that nobody holds, or if they are large. */
  async collect(limit: number): Promise<readonly ReadLetter[]> {
    const read: ReadLetter[] = [];
    for (let bytes = 0; read.length < limit && bytes < MAX_TAKE_BYTES;) {
      const more: ReadLetter[] = [];
      await this.#next(limit - read.length, (letter, window) => void more.push({ letter, window }));
      if (more.length === 0) break;
      read.push(...more);
      for (const { letter } of more) bytes += letter.content.byteLength;
    }
    return read;
  }

  /**
   * Shows letters to `visit` until it returns false or throws, `limit` were shown, or there are no more. Then returns them all, and resolves with
   * their number. Keeps none in memory. The channel must not be used by anybody else. If this rejects with an error of the channel, the channel
   * must be closed: that returns them too.
   */
  async show(limit: number, visit: (letter: Message) => boolean): Promise<number> {
    let left = limit;
    let failure: { readonly error: unknown } | undefined;
    const look = (letter: Message): void => {
      // A window brings what it was asked for, also when nobody wants more.
      if (left === 0) return;
      left -= 1;
      try {
        if (!visit(letter)) left = 0;
      } catch (error) {
        failure = { error };
        left = 0;
      }
    };
    let shown = 0;
    for (;;) {
      const count = await this.#next(left, look);
      shown += count;
      if (count === 0 || left === 0) break;
    }
    await this.#putBack();
    if (failure !== undefined) throw failure.error;
    return shown;
  }

  async #next(limit: number, visit: (...read: [Message, LetterWindow | undefined]) => void): Promise<number> {
    // The answer that there is none is the only proof of the end: the queue gives it in order with everything else.
    const first = await answered(this.#clock, this.#channel, this.#channel.get(this.#queue, { noAck: false }));
    if (first === false) return 0;
    visit(first, undefined);
    const { deliveryTag: firstTag, messageCount } = first.fields;
    const wanted = Math.min(limit - 1, messageCount, this.#size, fitting(first.content.byteLength));
    if (wanted < 1) {
      this.#read.push({ firstTag, window: undefined });
      return 1;
    }
    const window = new LetterWindow(this.#clock, this.#channel);
    this.#read.push({ firstTag, window });
    await window.read(this.#queue, wanted, (letter) => visit(letter, window));
    this.#size = Math.max(1, Math.min(this.#mostInWindow, GROWTH * this.#size, fitting(window.largestBytes)));
    return 1 + window.count;
  }

  /**
   * In order: before what nobody has read yet, and on 3.10 behind what others have returned. The server passes on 32 returns before the first is
   * applied, and joins later ones in no order. So each window ends only now: its end is answered when the returns before it were applied.
   */
  async #putBack(): Promise<void> {
    for (const { firstTag, window } of this.#read) {
      await window?.cancel();
      const lastTag = Math.max(firstTag, window?.lastTag ?? 0);
      for (let tag = firstTag; tag <= lastTag; tag += RETURNED_TOGETHER) {
        const upTo = Math.min(lastTag, tag + RETURNED_TOGETHER - 1);
        this.#channel.nack({ fields: { deliveryTag: upTo } } as Message, true, true);
      }
    }
  }
}

function fitting(bytes: number): number {
  return Math.floor(LETTER_WINDOW_BYTES / Math.max(1, bytes));
}
