import { systemClock, type Clock } from "../base/clock.ts";
import type { ScheduledEntry } from "../contract/due.ts";
import type { DueMessage, ScheduledMessage, ScheduleStore } from "./schedule-store.ts";

/** The clock of a `MemoryScheduleStore`. */
export interface MemoryScheduleStoreOptions {
  /** @default the system's clock */
  readonly clock?: Clock | undefined;
}

interface Waiting {
  readonly message: ScheduledMessage;
  /** Unix ms. */
  dueMs: number;
  attempts: number;
  /** Of the last claim. */
  token: string | undefined;
  /** When the claim ends, Unix ms. */
  claimedUntilMs: number;
}

/**
 * Scheduled messages in the memory of this process: for tests and for trying out. They are lost when the process ends; a store in a
 * database keeps them. Every claim looks at all messages, so it suits some thousands of them.
 */
export class MemoryScheduleStore implements ScheduleStore {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Waiting>();
  #claims = 0;

  constructor(options: MemoryScheduleStoreOptions = {}) {
    this.#clock = options.clock ?? systemClock;
  }

  async add(messages: readonly ScheduledMessage[]): Promise<void> {
    for (const message of messages) {
      const key = keyOf(message.topic, message.id);
      if (this.#waiting.has(key)) continue;
      const { atMs, delayMs } = message.due;
      const dueMs = delayMs === undefined ? atMs : this.#clock.now() + delayMs;
      this.#waiting.set(key, { message, dueMs, attempts: 0, token: undefined, claimedUntilMs: 0 });
    }
  }

  async cancel(topic: string, id: string): Promise<boolean> {
    const found = this.#waiting.get(keyOf(topic, id));
    if (found === undefined || found.claimedUntilMs > this.#clock.now()) return false;
    this.#waiting.delete(keyOf(topic, id));
    return found.attempts === 0;
  }

  async list(topic: string, limit: number): Promise<readonly ScheduledEntry[]> {
    return this.#ofTopics([topic])
      .slice(0, limit)
      .map(({ message: { id, publishTimeMs }, dueMs, attempts }) => ({
        id,
        deliverAtMs: dueMs,
        publishTimeMs,
        attempts,
      }));
  }

  async claimDue(topics: readonly string[], limit: number, leaseMs: number): Promise<readonly DueMessage[]> {
    const nowMs = this.#clock.now();
    const due = this.#ofTopics(topics).filter((one) => claimableMs(one) <= nowMs);
    return due.slice(0, limit).map((one) => {
      one.attempts += 1;
      one.claimedUntilMs = nowMs + leaseMs;
      one.token = String((this.#claims += 1));
      const { due: _, ...message } = one.message;
      return { ...message, token: one.token, attempt: one.attempts };
    });
  }

  async done(tokens: readonly string[]): Promise<void> {
    const ended = new Set(tokens);
    for (const [key, { token }] of this.#waiting) {
      if (token !== undefined && ended.has(token)) this.#waiting.delete(key);
    }
  }

  async again(token: string, delayMs: number): Promise<void> {
    for (const one of this.#waiting.values()) {
      if (one.token !== token) continue;
      one.token = undefined;
      one.claimedUntilMs = 0;
      one.dueMs = this.#clock.now() + delayMs;
    }
  }

  async nextDueMs(topics: readonly string[]): Promise<number | undefined> {
    const times = this.#ofTopics(topics).map(claimableMs);
    return times.length === 0 ? undefined : Math.max(0, Math.min(...times) - this.#clock.now());
  }

  /** The first due first. */
  #ofTopics(topics: readonly string[]): readonly Waiting[] {
    return [...this.#waiting.values()]
      .filter(({ message }) => topics.includes(message.topic))
      .toSorted((one, other) => one.dueMs - other.dueMs);
  }
}

function keyOf(topic: string, id: string): string {
  return `${topic} ${id}`;
}

function claimableMs({ dueMs, claimedUntilMs }: Waiting): number {
  return Math.max(dueMs, claimedUntilMs);
}
