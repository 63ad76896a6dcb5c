import { systemClock, type Clock } from "./clock.ts";
import { Deque } from "./deque.ts";
import type { InboxStore } from "./inbox.ts";

export interface MemoryInboxOptions {
  readonly clock?: Clock | undefined;
  /** Completed ids that are remembered at most; the oldest are forgotten first. @default 100,000 */
  readonly maxCompleted?: number | undefined;
}

/**
 * An inbox in this process's memory: holds against redelivery to the same process. Against crashes, and across
 * processes, use a store in the database that takes the effects.
 */
export class MemoryInbox implements InboxStore {
  readonly #clock: Clock;
  readonly #maxCompleted: number;
  /** To when the claim lapses, by the monotonic clock. */
  readonly #claimed = new Map<string, number>();
  /** To when it is forgotten, by the monotonic clock. */
  readonly #completed = new Map<string, number>();
  /** Its keys in order of completion: a Map that is emptied from its front takes ever longer to find it. */
  readonly #oldestFirst = new Deque<string>();

  constructor(options: MemoryInboxOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#maxCompleted = options.maxCompleted ?? 100_000;
  }

  async claim(subscription: string, id: string, leaseMs: number): Promise<"claimed" | "completed" | "busy"> {
    const key = `${subscription} ${id}`;
    const now = this.#clock.monotonicNow();
    if ((this.#completed.get(key) ?? 0) > now) return "completed";
    if ((this.#claimed.get(key) ?? 0) > now) return "busy";
    this.#claimed.set(key, now + leaseMs);
    return "claimed";
  }

  async extend(subscription: string, id: string, leaseMs: number): Promise<void> {
    this.#claimed.set(`${subscription} ${id}`, this.#clock.monotonicNow() + leaseMs);
  }

  async complete(subscription: string, id: string, retainMs: number): Promise<void> {
    const key = `${subscription} ${id}`;
    this.#claimed.delete(key);
    if (!this.#completed.has(key)) this.#oldestFirst.push(key);
    this.#completed.set(key, this.#clock.monotonicNow() + retainMs);
    while (this.#oldestFirst.length > this.#maxCompleted) this.#completed.delete(this.#oldestFirst.shift() as string);
  }

  async abandon(subscription: string, id: string): Promise<void> {
    this.#claimed.delete(`${subscription} ${id}`);
  }
}
