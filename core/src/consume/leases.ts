import type { Clock } from "../base/clock.ts";
import type { DriverDelivery } from "../driver.ts";
import type { InFlight } from "./in-flight.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { RELEASE, RELEASE_ENDED_LEASE } from "./outcome.ts";
import { reported } from "./run-handler.ts";
import type { Settler } from "./settler.ts";
import type { WorkerItems } from "./worker-items.ts";
import { namesOf, type WorkerOptions } from "./worker-options.ts";

export interface LeasesOptions extends WorkerOptions {
  readonly clock: Clock;
  readonly extend: (deliveries: readonly DriverDelivery[]) => void;
  /** The handler of an item is past its deadline. */
  readonly expire: (item: InFlight) => void;
}

/**
 * The leases of deliveries and the deadlines of handlers, beside every step. An item that waited for longer than its lease is
 * released and does not run, because another worker may have it.
 */
export class Leases {
  readonly #options: LeasesOptions;
  readonly #items: WorkerItems;
  readonly #settler: Settler;
  readonly #keeper: LeaseKeeper;
  /** Whether a lease expires, and does not last as long as its connection. */
  readonly #endByThemselves: boolean;
  /** Whether a broker may silently ignore a late acknowledgement. */
  readonly #mayMissLateAcks: boolean;
  #longestBlockMs = 0;

  constructor(options: LeasesOptions, items: WorkerItems, settler: Settler) {
    const { capabilities, clock, subscription, extend, expire } = options;
    this.#options = options;
    this.#items = items;
    this.#settler = settler;
    this.#endByThemselves = capabilities.lease === "renewable";
    this.#mayMissLateAcks = this.#endByThemselves && capabilities.durability !== "process";
    this.#keeper = new LeaseKeeper({
      clock,
      ackDeadlineMs: subscription.ackDeadlineMs,
      held: items.held,
      lost: items.lost,
      extend: (held) => extend(held.map(({ delivery }) => delivery)),
      expire,
      blocked: (blockedMs) => this.#blocked(blockedMs),
    });
  }

  /** The longest time for which the event loop was blocked until leases expired, in ms. */
  get longestBlockMs(): number {
    return this.#longestBlockMs;
  }

  /** An item is held. */
  watch(): void {
    this.#keeper.watch();
  }

  stop(): void {
    this.#keeper.stop();
  }

  /** Whether the lease of an item has ever expired, so that another worker may have it: such an item must not start. */
  hasEnded({ receivedMs }: InFlight, nowMs: number): boolean {
    return this.#endByThemselves && receivedMs !== 0 && this.#keeper.hasLapsed(receivedMs, nowMs);
  }

  /** Releases an item whose lease has expired before it could start, and what waits behind it: no later message of its key may run before it. */
  releaseEnded(item: InFlight, nowMs: number): void {
    const behind = this.#items.waitingBehind(item);
    for (const later of behind) this.#items.leaveLane(later);
    reported(this.#settler.settle(item, RELEASE_ENDED_LEASE));
    for (const later of behind) {
      reported(this.#settler.settle(later, this.hasEnded(later, nowMs) ? RELEASE_ENDED_LEASE : RELEASE));
    }
  }

  /** Whether an acknowledgement is so late that the broker may silently ignore it. */
  mayMissAck({ receivedMs }: InFlight): boolean {
    return this.#mayMissLateAcks && this.#keeper.hasLapsed(receivedMs, this.#options.clock.monotonicNow());
  }

  #blocked(blockedMs: number): void {
    if (!this.#endByThemselves) return;
    this.#longestBlockMs = Math.max(this.#longestBlockMs, Math.round(blockedMs));
    const { subscription, logger, clock } = this.#options;
    const { ackDeadlineMs } = subscription;
    logger.error(
      { ...namesOf(subscription), blockedMs: Math.round(blockedMs), ackDeadlineMs },
      "the event loop was blocked for so long that leases have ended: expect redeliveries; handlers must not block, or ackDeadlineMs must be longer",
    );
    const now = clock.monotonicNow();
    const waiting = this.#items.held.toArray().filter(({ state }) => state === "waiting");
    const ended = new Set(waiting.filter(({ receivedMs }) => now >= this.#keeper.leaseEndMs(receivedMs)));
    const keys = new Set([...ended].filter((item) => this.#items.hasLane(item)).map(({ orderingKey }) => orderingKey));
    for (const item of waiting) {
      // A later message of the key came while the event loop was blocked. It must not run before the ones that are released.
      const follows = this.#items.hasLane(item) && keys.has(item.orderingKey);
      if (item.state !== "waiting" || !(follows || ended.has(item))) continue;
      this.#items.leaveLane(item);
      reported(this.#settler.settle(item, ended.has(item) ? RELEASE_ENDED_LEASE : RELEASE));
    }
  }
}
