import type { Clock } from "./clock.ts";
import { describeError } from "./dead-letter-record.ts";
import type { InFlight } from "./in-flight.ts";
import type { InboxStore } from "./inbox.ts";
import type { Logger } from "./logger.ts";

export interface InboxGateOptions {
  readonly store: InboxStore;
  /** `topic/subscription`. */
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a claim outlives the worker that made it, in ms. */
  readonly leaseMs: number;
  /** How long a completed id is remembered, in ms. */
  readonly retainMs: number;
}

const BUSY_POLL_MS = 500;

/** The inbox as one subscription's workers use it (C21). */
export class InboxGate {
  readonly #options: InboxGateOptions;
  /** Those whose claim is ours: only these may be renewed and given back. */
  readonly #claimed = new WeakSet<InFlight>();
  /** By id: copies of a message that wait for its end in this process. */
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(options: InboxGateOptions) {
    this.#options = options;
  }

  /** Waits while somebody else handles the same message: they will complete it, or their claim will lapse. */
  async claim(item: InFlight): Promise<"claimed" | "completed" | "lost"> {
    const { store, path, leaseMs } = this.#options;
    while (item.state === "running") {
      const claim = await store.claim(path, item.id, leaseMs);
      if (claim === "claimed") this.#claimed.add(item);
      if (claim !== "busy") return claim;
      await this.#turn(item.id);
    }
    return "lost";
  }

  /** Fire and forget: a claim that could not be renewed shows as a duplicate claim later. */
  extend(items: Iterable<InFlight>): void {
    const { store, path, leaseMs } = this.#options;
    for (const item of items) {
      if (item.state === "running" && this.#claimed.has(item)) store.extend(path, item.id, leaseMs).catch(() => {});
    }
  }

  async complete(item: InFlight): Promise<void> {
    await this.#options.store.complete(this.#options.path, item.id, this.#options.retainMs);
    this.#ended(item.id);
  }

  /** Never rejects: a claim that stays lapses by itself. */
  async abandon(item: InFlight): Promise<void> {
    if (!this.#claimed.delete(item)) return;
    const { store, path, logger } = this.#options;
    try {
      await store.abandon(path, item.id);
    } catch (error) {
      logger.warn(
        { subscription: path, id: item.id, error: describeError(error).name },
        "the inbox did not take back a claim",
      );
    }
    this.#ended(item.id);
  }

  /** Until the message was completed or given back in this process, or some time for others. */
  async #turn(id: string): Promise<void> {
    const { clock } = this.#options;
    const waiting = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, waiting);
    await new Promise<void>((resolve) => {
      const timer = clock.setTimer(() => wake(), BUSY_POLL_MS);
      const wake = (): void => {
        clock.clearTimer(timer);
        waiting.delete(wake);
        if (waiting.size === 0 && this.#waiting.get(id) === waiting) this.#waiting.delete(id);
        resolve();
      };
      waiting.add(wake);
    });
  }

  #ended(id: string): void {
    for (const wake of Array.from(this.#waiting.get(id) ?? [])) wake();
  }
}
