import { systemClock, type Clock } from "../base/clock.ts";
import { Deque } from "../base/deque.ts";
import type { InboxClaim, InboxStore } from "./inbox.ts";

/** How much a `MemoryInbox` remembers. */
export interface MemoryInboxOptions {
  /** @default the system's clock */
  readonly clock?: Clock | undefined;
  /** The largest number of completed ids that are kept; the oldest are forgotten first. @default 100,000 */
  readonly maxCompleted?: number | undefined;
}

interface Entry {
  readonly token: string;
  /** When it expires or is forgotten, by the monotonic clock. */
  untilMs: number;
}

/**
 * An inbox in the memory of this process: it recognises redeliveries to the same process. To recognise them after a crash and in
 * other processes, use a store in the database that holds the handlers' effects.
 */
export class MemoryInbox implements InboxStore {
  readonly #clock: Clock;
  readonly #maxCompleted: number;
  readonly #claimed = new Map<string, Entry>();
  readonly #completed = new Map<string, Entry>();
  /** The keys of `#completed`, oldest first: to find the first key of a `Map` takes longer with every key that was deleted before it. */
  readonly #oldestFirst = new Deque<string>();
  #claims = 0;

  constructor(options: MemoryInboxOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#maxCompleted = options.maxCompleted ?? 100_000;
  }

  async claim(subscription: string, id: string, leaseMs: number): Promise<InboxClaim> {
    const key = `${subscription} ${id}`;
    const now = this.#clock.monotonicNow();
    if ((this.#completed.get(key)?.untilMs ?? 0) > now) return { state: "completed" };
    if ((this.#claimed.get(key)?.untilMs ?? 0) > now) return { state: "busy" };
    const token = String((this.#claims += 1));
    this.#claimed.set(key, { token, untilMs: now + leaseMs });
    return { state: "claimed", token };
  }

  async extend(subscription: string, id: string, token: string, leaseMs: number): Promise<boolean> {
    const claim = this.#claimed.get(`${subscription} ${id}`);
    if (claim?.token !== token) return false;
    claim.untilMs = this.#clock.monotonicNow() + leaseMs;
    return true;
  }

  async complete(subscription: string, id: string, token: string, retainMs: number): Promise<boolean> {
    const key = `${subscription} ${id}`;
    if (this.#claimed.get(key)?.token !== token) return this.#completed.get(key)?.token === token;
    this.#claimed.delete(key);
    if (!this.#completed.has(key)) this.#oldestFirst.push(key);
    this.#completed.set(key, { token, untilMs: this.#clock.monotonicNow() + retainMs });
    while (this.#oldestFirst.length > this.#maxCompleted) this.#completed.delete(this.#oldestFirst.shift() as string);
    return true;
  }

  async abandon(subscription: string, id: string, token: string): Promise<boolean> {
    const key = `${subscription} ${id}`;
    return this.#claimed.get(key)?.token === token && this.#claimed.delete(key);
  }
}
