import type { Clock, TimerHandle } from "../base/clock.ts";
import type { HeldItems } from "../base/held-items.ts";
import type { InFlight } from "./in-flight.ts";

export interface LeaseKeeperOptions {
  readonly clock: Clock;
  readonly ackDeadlineMs: number;
  /** The items whose leases are renewed. */
  readonly held: HeldItems<InFlight>;
  /** Running handlers whose delivery was lost: only their deadline is watched. */
  readonly lost: ReadonlySet<InFlight>;
  readonly extend: (items: readonly InFlight[]) => void;
  /** The item's deadline has passed. */
  readonly expire: (item: InFlight) => void;
  /** The event loop was blocked for this long and leases have expired. Called before anything is renewed. */
  readonly blocked: (blockedMs: number) => void;
}

/**
 * Renews leases every `ackDeadlineMs / 3` and finds handlers past their deadline, with one timer for all items: no work per message,
 * and no timer while nothing is held.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  #timer: TimerHandle;
  #armed = false;
  #nextExtendMs = 0;
  #dueMs = 0;
  #renewedMs = 0;
  /** When it was last seen that leases had ended before they were renewed. */
  #lapsedMs: number = Number.NEGATIVE_INFINITY;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  /** Starts the timer, if it is not running, because an item is held. */
  watch(): void {
    if (this.#armed) return;
    this.#renewedMs = this.#options.clock.monotonicNow();
    this.#nextExtendMs = this.#renewedMs + this.#options.ackDeadlineMs / 3;
    this.#arm(this.#nextExtendMs);
  }

  /** When the lease of an item that was received at `receivedMs` expires unless it is renewed. */
  leaseEndMs(receivedMs: number): number {
    return Math.max(receivedMs, this.#renewedMs) + this.#options.ackDeadlineMs;
  }

  /** Whether the lease of an item that was received at `receivedMs` has ever ended: what is renewed after that may be another's. */
  hasLapsed(receivedMs: number, nowMs: number): boolean {
    return nowMs >= this.leaseEndMs(receivedMs) || this.#lapsedMs >= receivedMs + this.#options.ackDeadlineMs;
  }

  stop(): void {
    if (this.#armed) this.#options.clock.clearTimer(this.#timer);
    this.#armed = false;
  }

  #arm(atMs: number): void {
    this.#armed = true;
    this.#dueMs = atMs;
    this.#timer = this.#options.clock.setTimer(() => this.#look(), atMs - this.#options.clock.monotonicNow());
  }

  #look(): void {
    this.#armed = false;
    const { held, lost, clock, ackDeadlineMs } = this.#options;
    const now = clock.monotonicNow();
    // A timer that is late by this much shows that the event loop was blocked.
    if (now - this.#renewedMs >= ackDeadlineMs) {
      this.#lapsedMs = now;
      this.#options.blocked(now - this.#dueMs);
    }
    const expired: InFlight[] = [];
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const items of [held.toArray(), lost]) {
      for (const item of items) {
        if (item.deadlineMs <= now) expired.push(item);
        else if (item.deadlineMs < earliestMs) earliestMs = item.deadlineMs;
      }
    }
    for (const item of expired) this.#options.expire(item);
    const intervalMs = ackDeadlineMs / 3;
    if (this.#nextExtendMs <= now) {
      if (held.size > 0) this.#options.extend(held.toArray());
      this.#renewedMs = now;
      this.#nextExtendMs = now + intervalMs;
    }
    if (held.size > 0 || lost.size > 0) this.#arm(Math.min(this.#nextExtendMs, earliestMs));
  }
}
