import type { OutgoingMessage, TakenLetter } from "@anytopic/core/driver";
import { sizeOf } from "./codec.ts";
import { exhausted, leaseLost } from "./errors.ts";
import { LETTER_LEASE_MS } from "./limits.ts";
import type { MemoryBroker } from "./memory-broker.ts";
import { TopicMessage } from "./topic-message.ts";

interface Letter {
  /** Tells it from others of the same id and time. */
  readonly mark: string;
  readonly message: TopicMessage;
  /** Identifies the lease; undefined when nobody has taken it. */
  taker: object | undefined;
  takenUntilMs: number;
}

/** The dead letters of one subscription, oldest first. */
export class LetterBox {
  readonly #what: string;
  readonly #broker: MemoryBroker;
  readonly #letters = new Set<Letter>();
  #bytes = 0;
  #stored = 0;

  constructor(what: string, broker: MemoryBroker) {
    this.#what = what;
    this.#broker = broker;
  }

  get size(): number {
    return this.#letters.size;
  }

  store(message: OutgoingMessage): void {
    const bytes = sizeOf(message);
    const { maxMessages, maxBytes } = this.#broker.options;
    if (this.#letters.size >= maxMessages) throw exhausted(this.#what, "maxMessages", maxMessages);
    if (this.#bytes + bytes > maxBytes) throw exhausted(this.#what, "maxBytes", maxBytes);
    const stored = new TopicMessage(message, bytes, this.#broker.time.now());
    this.#stored += 1;
    this.#letters.add({ mark: String(this.#stored), message: stored, taker: undefined, takenUntilMs: 0 });
    this.#bytes += bytes;
  }

  /** Taken ones included: they are still there. */
  peek(limit: number): readonly TopicMessage[] {
    const found: TopicMessage[] = [];
    for (const letter of this.#letters) {
      if (found.length >= limit) break;
      found.push(letter.message);
    }
    return found;
  }

  take(limit: number): readonly TakenLetter[] {
    const nowMs = this.#broker.time.now();
    const taken: TakenLetter[] = [];
    for (const letter of this.#letters) {
      if (taken.length >= limit) break;
      if (letter.taker === undefined || letter.takenUntilMs <= nowMs) taken.push(this.#lend(letter, nowMs));
    }
    return taken;
  }

  purge(): number {
    const count = this.#letters.size;
    this.#letters.clear();
    this.#bytes = 0;
    return count;
  }

  #lend(letter: Letter, nowMs: number): TakenLetter {
    const taker = {};
    letter.taker = taker;
    letter.takenUntilMs = nowMs + LETTER_LEASE_MS;
    const { id, body, attributes, orderingKey, publishTimeMs } = letter.message;
    return {
      mark: letter.mark,
      id,
      body,
      attributes,
      orderingKey,
      publishTimeMs,
      native: letter.message,
      remove: async () => {
        // Gone already (purged): what was asked for is certain.
        if (!this.#letters.has(letter)) return;
        if (letter.taker !== taker) throw leaseLost(`letter ${id} in ${this.#what}`);
        this.#letters.delete(letter);
        this.#bytes -= letter.message.bytes;
      },
      putBack: async () => {
        if (letter.taker === taker) letter.taker = undefined;
      },
    };
  }
}
