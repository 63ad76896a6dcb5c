import type { LetterVisit, OutgoingMessage, TakenLetter } from "@anytopic/core/driver";
import type { BrokerTime } from "./broker-time.ts";
import { sizeOf } from "../codec.ts";
import { leaseLost } from "../errors.ts";
import { LETTER_LEASE_MS, type MemoryLimits } from "../limits.ts";
import { StorageQuota } from "./storage-quota.ts";
import { TopicMessage } from "./topic-message.ts";

interface Letter {
  /** Unlike id and time, no other letter has the same. */
  readonly mark: string;
  readonly message: TopicMessage;
  /** Identifies the lease; undefined when nobody has taken the letter. */
  lease: object | undefined;
  leaseEndsMs: number;
}

/** The dead letters of one subscription, oldest first. */
export class LetterBox {
  readonly #name: string;
  readonly #time: BrokerTime;
  readonly #quota: StorageQuota;
  readonly #letters = new Set<Letter>();
  #stored = 0;

  /** @param name for errors */
  constructor(name: string, time: BrokerTime, limits: MemoryLimits) {
    this.#name = name;
    this.#time = time;
    this.#quota = new StorageQuota(name, limits);
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
    this.#letters.add({ mark: String(this.#stored), message, lease: undefined, leaseEndsMs: 0 });
  }

  /** Includes letters that somebody has taken: they are still in the queue. */
  scan(limit: number, visit: LetterVisit): void {
    let shown = 0;
    for (const { message } of this.#letters) {
      shown += 1;
      if (!visit(message) || shown >= limit) return;
    }
  }

  take(limit: number): readonly TakenLetter[] {
    const nowMs = this.#time.now();
    const taken: TakenLetter[] = [];
    for (const letter of this.#letters) {
      if (taken.length >= limit) break;
      if (letter.lease === undefined || letter.leaseEndsMs <= nowMs) taken.push(this.#take(letter, nowMs));
    }
    return taken;
  }

  purge(): number {
    const count = this.#letters.size;
    for (const letter of this.#letters) this.#remove(letter);
    return count;
  }

  #take(letter: Letter, nowMs: number): TakenLetter {
    const lease = {};
    letter.lease = lease;
    letter.leaseEndsMs = nowMs + LETTER_LEASE_MS;
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
        // Already purged: it is certain that the letter is gone.
        if (!this.#letters.has(letter)) return;
        if (letter.lease !== lease) throw leaseLost(`letter ${id} in ${this.#name}`);
        this.#remove(letter);
      },
      putBack: async () => {
        if (letter.lease === lease) letter.lease = undefined;
      },
    };
  }

  #remove(letter: Letter): void {
    this.#letters.delete(letter);
    this.#quota.remove(letter.message.bytes);
  }
}
