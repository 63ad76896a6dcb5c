import { expiresMsOf, withoutExpiry } from "../contract/expiry.ts";
import type { DriverDelivery } from "../driver.ts";
import type { HandlerContext } from "./handler-context.ts";
import type { HeldClaim } from "../inbox/handler-inbox.ts";
import type { HandledBatch } from "../observe/instrumentation.ts";
import type { Outcome } from "./outcome.ts";
import type { Held } from "../base/held-items.ts";
import type { SeenAttempt } from "./seen-attempt.ts";
import type { Attributes } from "../contract/message.ts";
import { shown } from "../base/shown.ts";
import { boundedId, dateOf } from "../contract/received.ts";

/** What an `InFlight` needs of its worker. */
export interface LeaseClock {
  /** Unix ms. */
  now(): number;
  monotonicNow(): number;
  readonly maxLeaseMs: number;
}

/** The batch that items were started in together: they share a place. */
export interface ItemBatch {
  /** For instrumentations. */
  readonly info: HandledBatch;
  /** How many of its items are abandoned: the batch counts as one abandoned handler while there is one. */
  abandoned: number;
  /** The item will not be handled with this batch. Does nothing once the handler has started. */
  leave(item: InFlight): void;
  /** An item does not hold the place any longer. Returns whether it was the last one. */
  free(): boolean;
}

/**
 * One delivery that core holds, and the context of its handler.
 *
 * States: `waiting` (fetched, and waits for its key or a place) → `running` → `settling` (the outcome is decided; a letter may be
 * stored now) → `settled`. Every state except the last may become `lost`: another worker has the message, and it is not settled.
 */
export class InFlight implements HandlerContext, Held<InFlight> {
  readonly delivery: DriverDelivery;
  /** By the monotonic clock, like `startedMs` and `deadlineMs`. 0 until the clock was read: that is a large part of the cost of a message in memory. */
  receivedMs = 0;
  state: "waiting" | "running" | "settling" | "settled" | "lost" = "waiting";
  /** Whether it occupies one of the worker's `maxConcurrency` places. */
  holdsPlace = false;
  /** Whether its handler was abandoned and has not returned yet. */
  givenUp = false;
  /** Whether it was given to a reader of the pull form, of which core does not know whether it still works on it. */
  byHand = false;
  /** The batch that it was last started in. Only for batch handlers, as `readyMs`. */
  batch: ItemBatch | undefined = undefined;
  /** When it began to wait for a place, by the monotonic clock. */
  readyMs = 0;
  /** Whether its letter is being stored. It keeps its place meanwhile, also when its delivery is lost. */
  isStoring = false;
  /** Its attempt, when instrumentations see it. */
  seen: SeenAttempt | undefined = undefined;
  /** How its failed handler has ended, while its claim is still being ended. */
  failure: Outcome | undefined = undefined;
  /** Its claim, on subscriptions with an inbox. */
  inbox: HeldClaim | undefined = undefined;
  isHeld = false;
  older: InFlight | undefined = undefined;
  newer: InFlight | undefined = undefined;
  startedMs = 0;
  deadlineMs: number = Number.POSITIVE_INFINITY;
  readonly #clock: LeaseClock;
  #id: string | undefined;
  #controller: AbortController | undefined;
  #aborted: { readonly reason: unknown } | undefined;

  constructor(delivery: DriverDelivery, clock: LeaseClock) {
    this.delivery = delivery;
    this.#clock = clock;
  }

  /** Computed on first use: many handlers do not read it, and to check its characters is a tenth of the cost of a message in memory. */
  get id(): string {
    return (this.#id ??= boundedId(this.delivery.id));
  }
  get attempt(): number {
    return this.delivery.attempt;
  }
  get publishTime(): Date {
    return dateOf(this.delivery.publishTimeMs);
  }
  get attributes(): Attributes {
    return withoutExpiry(this.delivery.attributes);
  }
  get expiresAt(): Date | undefined {
    const expiresMs = expiresMsOf(this.delivery.attributes);
    return expiresMs === undefined ? undefined : dateOf(expiresMs);
  }

  /** Whether no handler may start for it any more, by this process's own clock, which is read only for a message that expires. */
  get hasExpired(): boolean {
    const expiresMs = expiresMsOf(this.delivery.attributes);
    return expiresMs !== undefined && this.#clock.now() >= expiresMs;
  }

  /** The handler starts only now: what it waited for since its attempt began is not its time. */
  beginAgain(): void {
    const nowMs = this.#clock.monotonicNow();
    this.deadlineMs += nowMs - this.startedMs;
    this.startedMs = nowMs;
  }

  get orderingKey(): string | undefined {
    return this.delivery.orderingKey;
  }
  get body(): Uint8Array {
    return this.delivery.body;
  }
  get native(): unknown {
    return this.delivery.native;
  }
  get deadline(): Date {
    return new Date(Math.round(this.#clock.now() + this.deadlineMs - this.#clock.monotonicNow()));
  }

  /** Made on first use: most handlers do not read it. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#controller?.abort(reason);
  }

  extend(durationMs: number): void {
    if (!Number.isFinite(durationMs) || durationMs <= 0) {
      throw new TypeError(
        `extend: durationMs is ${shown(durationMs)}: must be a finite number of milliseconds above 0`,
      );
    }
    this.deadlineMs = Math.min(this.#clock.monotonicNow() + durationMs, this.receivedMs + this.#clock.maxLeaseMs);
  }
}
