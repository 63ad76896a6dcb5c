import type { DriverDelivery } from "../driver.ts";
import type { HandlerContext } from "./handler-context.ts";
import type { Held } from "../base/held-items.ts";
import type { Attributes } from "../contract/message.ts";
import { shown } from "../base/shown.ts";
import { boundedId, dateOf } from "../contract/received.ts";

/** What an `InFlight` asks of its worker. */
export interface LeaseClock {
  /** Unix ms. */
  now(): number;
  monotonicNow(): number;
  readonly maxLeaseMs: number;
}

/**
 * One delivery in core's hands, and what its handler sees of it.
 *
 * `waiting` (fetched, or held back for its key) → `running` → `settling` (its outcome is decided, a dead letter may be
 * on its way) → `settled`. From any but the last also → `lost`: it belongs to somebody else now and is not settled.
 */
export class InFlight implements HandlerContext, Held<InFlight> {
  readonly delivery: DriverDelivery;
  /** By the monotonic clock, as the other two. 0 until it was asked: reading it is a good part of what a message in memory costs. */
  receivedMs = 0;
  state: "waiting" | "running" | "settling" | "settled" | "lost" = "waiting";
  /** Whether it occupies one of the worker's `maxConcurrency` places. */
  holdsPlace = false;
  /** Its handler was given up and has not returned yet. */
  givenUp = false;
  /** It was handed to a reader of the pull form: nobody knows whether that one still works on it. */
  byHand = false;
  /** Its dead letter is on its way to be stored, which takes its place, whatever becomes of its delivery or its handler. */
  isStoring = false;
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

  /** Found out on first use: many handlers never ask, and looking at its characters is a tenth of what a message in memory costs. */
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
    return this.delivery.attributes;
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

  /** Made on first use: most handlers never look at it. */
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
