import type { AnySubscription, Clock, PubSub, SubscriptionStatistics } from "@anytopic/core";
import { within } from "@anytopic/core/driver";
import type { WireFailure } from "../api/numbers.ts";
import type { HistoryPoint } from "../api/subscription-detail.ts";
import { pathOf } from "../declared-subscription.ts";
import { wireFailure } from "../wire-failure.ts";
import { History } from "./history.ts";
import { MAX_BACKOFF_MS, MAX_WAIT_MS, PARALLEL } from "./limits.ts";

export interface StatisticsPollOptions {
  readonly pubsub: () => Promise<PubSub>;
  readonly subscriptions: readonly AnySubscription[];
  readonly clock: Clock;
  readonly everyMs: number;
  readonly closed: AbortSignal;
}

/** What was last read of one subscription. */
export interface Reading {
  readonly numbers: SubscriptionStatistics | undefined;
  readonly error: WireFailure | undefined;
  /** Unix ms. */
  readonly readAtMs: number | undefined;
}

const NOTHING_READ: Reading = { numbers: undefined, error: undefined, readAtMs: undefined };

/** What one subscription has of the poll. */
class Asked {
  reading = NOTHING_READ;
  readonly history = new History();
  failures = 0;
  dueMs = Number.NEGATIVE_INFINITY;
}

/**
 * Asks the broker for the numbers of all subscriptions: only while somebody looks, for all visitors together, a few at a time. It has no
 * timers: whoever looks starts the next round when it is due.
 */
export class StatisticsPoll {
  readonly everyMs: number;
  readonly #options: StatisticsPollOptions;
  readonly #asked: ReadonlyMap<string, Asked>;
  #startedMs = Number.NEGATIVE_INFINITY;
  #round: Promise<void> | undefined;

  constructor(options: StatisticsPollOptions) {
    this.#options = options;
    this.everyMs = options.everyMs;
    this.#asked = new Map(options.subscriptions.map((one) => [pathOf(one), new Asked()]));
  }

  /** Somebody looks. Waits for the numbers when they are due, but not for long. Never rejects. */
  async look(): Promise<void> {
    const { clock } = this.#options;
    if (this.#round === undefined && clock.monotonicNow() - this.#startedMs >= this.everyMs) this.#start();
    if (this.#round !== undefined) await within(clock, MAX_WAIT_MS, this.#round);
  }

  /** After an action: reads one subscription now. Never rejects. */
  async refresh(subscription: AnySubscription): Promise<void> {
    await this.#readAll([subscription]);
  }

  reading(subscription: AnySubscription): Reading {
    return this.#asked.get(pathOf(subscription))?.reading ?? NOTHING_READ;
  }

  /** Of the last 15 minutes, the oldest first. */
  history(subscription: AnySubscription): readonly HistoryPoint[] {
    return this.#asked.get(pathOf(subscription))?.history.points(this.#options.clock.now()) ?? [];
  }

  waitingTrendPerMin(subscription: AnySubscription): number | undefined {
    return this.#asked.get(pathOf(subscription))?.history.waitingTrendPerMin(this.#options.clock.now());
  }

  #start(): void {
    const { clock, subscriptions } = this.#options;
    this.#startedMs = clock.monotonicNow();
    const due = subscriptions.filter((one) => (this.#asked.get(pathOf(one))?.dueMs ?? 0) <= this.#startedMs);
    this.#round = this.#readAll(due).finally(() => (this.#round = undefined));
  }

  async #readAll(subscriptions: readonly AnySubscription[]): Promise<void> {
    const { pubsub: open, closed } = this.#options;
    let pubsub: PubSub;
    try {
      pubsub = await open();
    } catch (error) {
      for (const subscription of subscriptions) this.#failed(subscription, error);
      return;
    }
    const left = subscriptions.values();
    const readers = Array.from({ length: PARALLEL }, async () => {
      for (const subscription of left) if (!closed.aborted) await this.#read(pubsub, subscription);
    });
    await Promise.all(readers);
  }

  async #read(pubsub: PubSub, subscription: AnySubscription): Promise<void> {
    const { clock, closed } = this.#options;
    const asked = this.#asked.get(pathOf(subscription));
    if (asked === undefined) return;
    try {
      const numbers = await pubsub.stats(subscription, { signal: closed });
      asked.failures = 0;
      asked.dueMs = Number.NEGATIVE_INFINITY;
      asked.reading = { numbers, error: undefined, readAtMs: clock.now() };
      asked.history.add(clock.now(), numbers);
    } catch (error) {
      if (!closed.aborted) this.#failed(subscription, error);
    }
  }

  #failed(subscription: AnySubscription, error: unknown): void {
    const { clock } = this.#options;
    const asked = this.#asked.get(pathOf(subscription));
    if (asked === undefined) return;
    asked.failures += 1;
    asked.dueMs = clock.monotonicNow() + Math.min(MAX_BACKOFF_MS, this.everyMs * 2 ** (asked.failures - 1));
    asked.reading = { numbers: undefined, error: wireFailure(error), readAtMs: clock.now() };
    asked.history.add(clock.now(), undefined);
  }
}
