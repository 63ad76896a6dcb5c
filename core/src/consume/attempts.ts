import { attemptInfo } from "./attempt-info.ts";
import { PubSubError } from "../base/errors.ts";
import { boundedTimeMs } from "../contract/received.ts";
import type { Endings } from "./endings.ts";
import { readEvent, type EventReceiver } from "./event-reader.ts";
import type { InboxGate } from "./inbox-gate.ts";
import type { InFlight } from "./in-flight.ts";
import type { Instruments } from "../observe/instruments.ts";
import type { Leases } from "./leases.ts";
import { ACK, EXPIRE, type Outcome, outcomeOf, RELEASE } from "./outcome.ts";
import { reported } from "./run-handler.ts";
import type { Settler } from "./settler.ts";
import type { WorkerItems } from "./worker-items.ts";
import { SeenAttempt } from "./seen-attempt.ts";
import { itemNames, type WorkerOptions } from "./worker-options.ts";

/**
 * Where an attempt is counted although the handler did not start (`"includes-unstarted"`), a message beyond its last attempt may
 * never have run. It runs again, unless it is more than this many attempts beyond the last: then its workers died.
 */
const UNSTARTED_SPARE = 5;

/**
 * Third step of a delivery: it has a place, and its attempt runs. It claims the message in the inbox, if there is one, decodes the
 * event, and gives it to the handler or to the pull form. Nothing that a handler does can stop the worker (C25).
 */
export class Attempts implements EventReceiver {
  readonly #options: WorkerOptions;
  readonly #items: WorkerItems;
  readonly #settler: Settler;
  readonly #leases: Leases;
  readonly #endings: Endings;
  /** A message with a higher attempt does not run: a worker died in every attempt. */
  readonly #lastAttempt: number;
  /** Whether the inbox must say first that an expired message was not handled: else one that was would become a letter. */
  readonly #expiresClaimed: boolean;
  /** Whether an item may wait, for a claim or a schema, between its start and its handler. */
  readonly #startsLater: boolean;

  constructor(options: WorkerOptions, items: WorkerItems, settler: Settler, leases: Leases, endings: Endings) {
    const { subscription, capabilities, inbox } = options;
    this.#options = options;
    this.#items = items;
    this.#settler = settler;
    this.#leases = leases;
    this.#endings = endings;
    const spare = capabilities.attempts === "includes-unstarted" ? UNSTARTED_SPARE : 0;
    this.#lastAttempt = subscription.retryPolicy.maxRetries + 1 + spare;
    this.#expiresClaimed = inbox !== undefined && subscription.onExpired === "dead-letter";
    this.#startsLater = inbox !== undefined || subscription.topic.schema !== undefined;
  }

  start(item: InFlight): void {
    const { clock, subscription, inbox, observe, instrumented, lateSuccesses } = this.#options;
    const now = clock.monotonicNow();
    if (this.#leases.hasEnded(item, now)) return this.#leases.releaseEnded(item, now);
    if (item.hasExpired && !this.#expiresClaimed) return this.#expire(item);
    if (item.startedMs === 0) {
      this.#begin(item, now);
      if (observe !== undefined) {
        const publishTimeMs = boundedTimeMs(item.delivery.publishTimeMs);
        observe({ ...itemNames(subscription, item), type: "deliver", publishTimeMs, atMs: clock.now() });
      }
      const instruments = instrumented.processing;
      if (instruments !== undefined) this.#show(item, instruments);
    }
    if (lateSuccesses.has(item)) return reported(this.#settler.settle(item, ACK));
    const storing = this.#settler.storeAgain(item);
    if (storing !== undefined) return reported(storing);
    if (inbox === undefined) return this.#read(item);
    return reported(this.#claim(item, inbox));
  }

  /** It does not run. A success that is known, and a letter that is still to be stored, come first. */
  #expire(item: InFlight): void {
    if (this.#options.lateSuccesses.has(item)) return reported(this.#settler.settle(item, ACK));
    return reported(this.#settler.storeAgain(item) ?? this.#settler.settle(item, EXPIRE));
  }

  /** The time of the attempt starts now. */
  #begin(item: InFlight, nowMs: number): void {
    item.startedMs = nowMs;
    item.deadlineMs = nowMs + this.#options.subscription.maxHandlingMs;
    if (item.receivedMs === 0) item.receivedMs = nowMs;
  }

  #show(item: InFlight, instruments: Instruments): void {
    const { subscription, adapter, clock } = this.#options;
    item.seen = new SeenAttempt(attemptInfo(subscription, adapter, item), instruments, clock);
  }

  async #claim(item: InFlight, inbox: InboxGate): Promise<void> {
    let claim: "claimed" | "completed" | "busy";
    try {
      claim = await inbox.claim(item);
    } catch (error) {
      return reported(this.#endings.end(item, outcomeOf(error)));
    }
    // It was lost or abandoned meanwhile, and does not run.
    if (item.state !== "running") return reported(this.#endings.end(item, RELEASE));
    if (claim === "claimed") return this.#endings.mayStart(item) ? this.#read(item) : undefined;
    if (claim === "completed") return reported(this.#settler.settle(item, ACK));
    // Another handler has the same message: this one waits without a place, its lease is renewed and its deadline stays.
    inbox.whenFree(item, () => this.#items.ready(item));
    return this.#items.park(item);
  }

  #read(item: InFlight): void {
    if (item.attempt <= this.#lastAttempt) return readEvent(this.#options.subscription.topic, item, this);
    const error = new PubSubError("LEASE_LOST", "workers died or lost their lease in every permitted attempt");
    return this.unreadable(item, { kind: "reject", reason: "retries-exhausted", error });
  }

  handle(item: InFlight, event: unknown): void {
    if (item.state !== "running") return reported(this.#endings.end(item, RELEASE));
    if (this.#startsLater) {
      if (!this.#endings.mayStart(item)) return undefined;
      // The wait for a claim or a schema is not time of the handler.
      this.#begin(item, this.#options.clock.monotonicNow());
    }
    return this.#options.run(item, event, this.#endings);
  }

  unreadable(item: InFlight, outcome: Outcome): void {
    reported(this.#endings.end(item, outcome));
  }
}
