import type { OutgoingMessage, TakenLetter } from "@anytopic/core/driver";
import type { BrokerTime } from "./broker-time.ts";
import { sizeOf } from "../codec.ts";
import { leaseLost } from "../errors.ts";
import { LETTER_LEASE_MS, type MemoryLimits } from "../limits.ts";
import { StorageQuota } from "./storage-quota.ts";
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
  readonly #time: BrokerTime;
  readonly #quota: StorageQuota;
  readonly #letters = new Set<Letter>();
  #stored = 0;

  constructor(what: string, time: BrokerTime, limits: MemoryLimits) {
    this.#what = what;
    this.#time = time;
    this.#quota = new StorageQuota(what, limits);
  }

  get size(): number {
    return this.#letters.size;
  }

  store(letter: OutgoingMessage): void {
    const bytes = sizeOf(letter);
    const refusal = this.#quota.refusal(bytes);
    if (refusal !== undefined) throw refusal;
    this.#quota.add(bytes);
    this.#stored += 1;
    const message = new TopicMessage(letter, bytes, this.#time.now());
    this.#letters.add({ mark: String(this.#stored), message, taker: undefined, takenUntilMs: 0 });
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
    const nowMs = this.#time.now();
    const taken: TakenLetter[] = [];
    for (const letter of this.#letters) {
      if (taken.length >= limit) break;
      if (letter.taker === undefined || letter.takenUntilMs <= nowMs) taken.push(this.#lend(letter, nowMs));
    }
    return taken;
  }

  purge(): number {
    const count = this.#letters.size;
    for (const letter of this.#letters) this.#remove(letter);
    return count;
  }

  #lend(letter: Letter, nowMs: number): TakenLetter {
    const taker = {};
    letter.taker = taker;
    letter.takenUntilMs = nowMs + LETTER_LEASE_MS;
    const { id, body, attributes, orderingKey, publishTimeMs, native } = letter.message;
    return {
      mark: letter.mark,
      id,
      body,
      attributes,
      orderingKey,
      publishTimeMs,
      native,
      remove: async () => {
        // Gone already (purged): what was asked for is certain.
        if (!this.#letters.has(letter)) return;
        if (letter.taker !== taker) throw leaseLost(`letter ${id} in ${this.#what}`);
        this.#remove(letter);
      },
      putBack: async () => {
        if (letter.taker === taker) letter.taker = undefined;
      },
    };
  }

  #remove(letter: Letter): void {
    this.#letters.delete(letter);
    this.#quota.remove(letter.message.bytes);
  }
}
