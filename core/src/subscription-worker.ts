// Over 300 lines: intake, runs and life of one worker share their state; places are in run-queue.ts, outcomes in settler.ts.
import type { Capabilities } from "./capabilities.ts";
import type { Clock } from "./clock.ts";
import type { DeadLetterReason } from "./dead-letter.ts";
import type { DeliverySink, DriverDeadLetters, DriverDelivery, DriverSubscriber } from "./driver.ts";
import { PubSubError } from "./errors.ts";
import { readEvent, type EventReceiver } from "./event-reader.ts";
import type { Handler } from "./handler-context.ts";
import type { SubscriptionHealth } from "./health.ts";
import type { InboxGate } from "./inbox-gate.ts";
import { HeldItems } from "./held-items.ts";
import { InFlight, type LeaseClock } from "./in-flight.ts";
import { KeyLanes } from "./key-lanes.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import type { Logger } from "./logger.ts";
import type { PubSubEvent } from "./observer.ts";
import { ReleaseDelivery } from "./release-delivery.ts";
import { RunQueue } from "./run-queue.ts";
import { Settler, type SettledItems } from "./settler.ts";
import type { SharedPlaces } from "./shared-places.ts";
import type { Subscription } from "./subscription.ts";
import { closeTimeout, type CloseOptions, type Worker } from "./worker.ts";

export interface SubscriptionWorkerOptions {
  /** Its connection's name, for `health()`. */
  readonly connection: string;
  readonly capabilities: Capabilities;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly observe: ((event: PubSubEvent) => void) | undefined;
  readonly letters: DriverDeadLetters;
  /** Present on exactly-once subscriptions. */
  readonly inbox: InboxGate | undefined;
  readonly maxConcurrency: number;
  /** Present when workers on several connections keep to `maxConcurrency` together. */
  readonly places: SharedPlaces | undefined;
  readonly closeTimeoutMs: number;
  /** Called once, when closing begins: the pull form gives back what nobody has read. */
  readonly onClosing: ((worker: SubscriptionWorker) => void) | undefined;
  /** Called once, when closed. */
  readonly onClosed: (worker: SubscriptionWorker) => void;
}

/**
 * One worker: takes deliveries from a driver, runs the handler on at most `maxConcurrency` of them at a time, in order
 * per key, keeps their leases, and settles them. Nothing a handler does can stop it (C25).
 *
 * `open` → `closing` (nothing new starts, handlers finish) → `closed`.
 */
export class SubscriptionWorker implements Worker, DeliverySink, SettledItems, LeaseClock, EventReceiver {
  readonly subscription: Subscription;
  readonly closed: Promise<void>;
  readonly #options: SubscriptionWorkerOptions;
  readonly #handler: Handler<never>;
  readonly #settler: Settler;
  readonly #lanes: KeyLanes | undefined;
  readonly #keeper: LeaseKeeper;
  readonly #held = new HeldItems<InFlight>();
  /** Handlers that run although their delivery was lost: they keep their place until they return. */
  readonly #lost = new Set<InFlight>();
  readonly #queue: RunQueue;
  #abandoned = 0;
  /** See `UNSTARTED_SPARE`. */
  readonly #unstartedSpare: number;
  #state: "open" | "closing" | "closed" = "open";
  #failing: PubSubError | undefined;
  #driver: DriverSubscriber | undefined;
  #closing: Promise<void> | undefined;
  #resolveClosed!: () => void;

  constructor(subscription: Subscription, handler: Handler<never>, options: SubscriptionWorkerOptions) {
    this.subscription = subscription;
    this.#handler = handler;
    this.#options = options;
    this.#unstartedSpare = options.capabilities.attempts === "includes-unstarted" ? UNSTARTED_SPARE : 0;
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    this.#settler = new Settler({ ...options, subscription, items: this });
    const { clock } = options;
    const { ackDeadlineMs } = subscription;
    if (subscription.topic.orderingKey !== undefined) {
      this.#lanes = new KeyLanes({
        clock,
        ready: (item) => this.#ready(item),
        giveBack: (items) => this.#giveBack(items),
        patienceMs: Math.max(2 * ackDeadlineMs, 10_000),
      });
    }
    this.#queue = new RunQueue({ ...options, start: (item) => this.#start(item) });
    this.#keeper = new LeaseKeeper({
      clock,
      ackDeadlineMs,
      held: this.#held,
      lost: this.#lost,
      extend: (items) => {
        this.#driver?.extend(items.map((item) => item.delivery));
        options.inbox?.extend(items);
      },
      expire: (item) => this.#expire(item),
    });
  }

  /** The driver's handle, as soon as there is one; deliveries may have come before. */
  attach(driver: DriverSubscriber): void {
    this.#driver = driver;
  }

  get maxLeaseMs(): number {
    return this.#options.capabilities.maxLeaseMs;
  }

  now(): number {
    return this.#options.clock.now();
  }

  monotonicNow(): number {
    return this.#options.clock.monotonicNow();
  }

  health(): SubscriptionHealth {
    const error = this.#failing;
    return {
      topic: this.subscription.topic.name,
      subscription: this.subscription.name,
      connection: this.#options.connection,
      state: this.#state === "open" ? (error === undefined ? "receiving" : "failing") : "closing",
      running: this.#queue.running,
      abandoned: this.#abandoned,
      waiting: this.#held.size + this.#lost.size - this.#queue.running,
      error: error === undefined ? undefined : { code: error.code, message: error.message },
    };
  }

  // Deliveries, from the driver.

  deliver(delivery: DriverDelivery): void {
    const item = new InFlight(delivery, this);
    this.#held.add(item);
    if (this.#state !== "open") return this.#giveBack([item]);
    this.#keeper.watch();
    const key = delivery.orderingKey;
    if (this.#lanes !== undefined && key !== undefined) this.#lanes.admit(key, item);
    else this.#ready(item);
    if (item.state === "waiting") item.receivedMs = this.monotonicNow();
  }

  revoke(delivery: DriverDelivery): boolean {
    const item = this.#held.find((held) => held.delivery === delivery);
    return item !== undefined && this.#revoke(item);
  }

  revokeAll(): void {
    this.#lanes?.clear();
    this.#queue.clear();
    for (const item of this.#held.toArray()) if (item.isHeld) this.#revoke(item);
  }

  /** Returns whether its handler had not started. */
  #revoke(item: InFlight): boolean {
    this.#held.delete(item);
    const waiting = item.state === "waiting";
    const running = item.state === "running";
    item.state = "lost";
    if (item.orderingKey !== undefined) this.#lanes?.revoked(item.orderingKey, item);
    if (running) {
      this.#lost.add(item);
      this.#giveUp(item, new PubSubError("LEASE_LOST", "the message no longer belongs to this worker"));
    } else {
      this.#queue.free(item);
      this.#queue.fill();
    }
    return waiting;
  }

  failing(error: PubSubError): void {
    if (this.#failing === undefined || this.#failing.code !== error.code) {
      this.#options.logger.error(
        { ...this.#names(), code: error.code },
        `cannot receive, trying again: ${error.message}`,
      );
    }
    this.#failing = error;
    this.#options.observe?.({ type: "failing", ...this.#names(), error, atMs: this.now() });
  }

  receiving(reconnected: boolean): void {
    if (this.#failing !== undefined) this.#options.logger.info(this.#names(), "receiving again");
    this.#failing = undefined;
    this.#options.observe?.({ type: "receiving", ...this.#names(), reconnected, atMs: this.now() });
  }

  // Runs.

  #ready(item: InFlight): void {
    if (item.state !== "waiting") return;
    if (this.#state !== "open") return this.#giveBack([item]);
    return this.#queue.push(item);
  }

  #start(item: InFlight): void {
    const { inbox, observe } = this.#options;
    // What comes before the handler may last only where something is waited for.
    if (observe !== undefined || inbox !== undefined || this.subscription.topic.schema !== undefined) this.#begin(item);
    if (observe !== undefined) {
      observe({ type: "deliver", ...this.#names(), id: item.id, attempt: item.attempt, atMs: this.now() });
    }
    if (item.attempt > this.subscription.retryPolicy.maxRetries + 1 + this.#unstartedSpare) {
      const error = new PubSubError("LEASE_LOST", "workers died or lost their lease in every permitted attempt");
      reported(this.#settler.deadLetter(item, "retries-exhausted", error));
    } else if (inbox === undefined) {
      readEvent(this.subscription.topic, item, this);
    } else {
      reported(this.#claim(item, inbox));
    }
  }

  /** The attempt's time begins now. */
  #begin(item: InFlight): void {
    item.startedMs = this.monotonicNow();
    item.deadlineMs = item.startedMs + this.subscription.maxHandlingMs;
    if (item.receivedMs === 0) item.receivedMs = item.startedMs;
  }

  async #claim(item: InFlight, inbox: InboxGate): Promise<void> {
    let claim: "claimed" | "completed" | "lost";
    try {
      claim = await inbox.claim(item);
    } catch (error) {
      return reported(this.failed(item, error));
    }
    if (item.state !== "running") return this.#returned(item);
    if (claim === "claimed") return readEvent(this.subscription.topic, item, this);
    return reported(this.#settler.ack(item));
  }

  handle(item: InFlight, event: unknown): void {
    if (item.state !== "running") return this.#returned(item);
    // However long the process was held up before it called the handler: that is not the handler's time.
    this.#begin(item);
    let outcome: unknown;
    let ending: Promise<unknown> | undefined;
    try {
      // The subscription's type parameter ties handler and topic together; inside the engine events are opaque.
      outcome = this.#handler(event as never, item);
      // Looking at what it returned may throw, and so may its `then`: a promise's does not. Nearly all are promises.
      if (outcome instanceof Promise && outcome.constructor === Promise) ending = outcome;
      else if (isPromiseLike(outcome)) ending = Promise.resolve(outcome);
    } catch (error) {
      return reported(this.failed(item, error));
    }
    if (outcome === SETTLED_BY_HAND) return undefined;
    if (ending === undefined) return reported(this.succeeded(item));
    ending.then(
      () => reported(this.succeeded(item)),
      (error: unknown) => reported(this.failed(item, error)),
    );
    return undefined;
  }

  undeliverable(item: InFlight, reason: DeadLetterReason, error: unknown): void {
    if (item.state !== "running") return this.#returned(item);
    const { inbox } = this.#options;
    if (inbox === undefined) return reported(this.#settler.deadLetter(item, reason, error));
    reported(this.#abandonAndDeadLetter(item, inbox, reason, error));
    return undefined;
  }

  async #abandonAndDeadLetter(
    item: InFlight,
    inbox: InboxGate,
    reason: DeadLetterReason,
    error: unknown,
  ): Promise<void> {
    await inbox.abandon(item);
    if (item.state === "running") await this.#settler.deadLetter(item, reason, error);
    else this.#returned(item);
  }

  // Outcomes. Each returns the broker's confirmation, for the pull form; `undefined` when there will be none.

  succeeded(item: InFlight): Promise<void> | undefined {
    const { inbox } = this.#options;
    if (inbox !== undefined) return this.#completed(item, inbox);
    if (item.state === "running") return this.#settler.ack(item);
    this.#returned(item);
    return undefined;
  }

  failed(item: InFlight, thrown: unknown): Promise<void> | undefined {
    const error = inspectable(thrown);
    const { inbox } = this.#options;
    if (item.state !== "running") {
      this.#returned(item);
      return undefined;
    }
    if (inbox !== undefined) return this.#abandonAndFail(item, inbox, error);
    return error instanceof ReleaseDelivery ? this.#settler.release(item) : this.#settler.fail(item, error);
  }

  async #abandonAndFail(item: InFlight, inbox: InboxGate, error: unknown): Promise<void> {
    await inbox.abandon(item);
    if (item.state !== "running") return this.#returned(item);
    await (error instanceof ReleaseDelivery ? this.#settler.release(item) : this.#settler.fail(item, error));
    return undefined;
  }

  /** Marked as handled even when the delivery was lost meanwhile: its redelivery is then only acknowledged. */
  async #completed(item: InFlight, inbox: InboxGate): Promise<void> {
    try {
      await inbox.complete(item);
    } catch (error) {
      if (item.state === "running") await this.#settler.fail(item, error);
      else this.#returned(item);
      return;
    }
    if (item.state === "running") await this.#settler.ack(item);
    else this.#returned(item);
  }

  letGo(item: InFlight): void {
    item.state = "settled";
    this.#held.delete(item);
    this.#queue.free(item);
  }

  goOn(item: InFlight): void {
    if (this.#lanes !== undefined && item.orderingKey !== undefined) this.#lanes.settled(item.orderingKey, item);
    this.#queue.fill();
  }

  awaitRetry(item: InFlight, delayMs: number): void {
    if (item.orderingKey !== undefined) this.#lanes?.awaitRetry(item.orderingKey, item, delayMs);
  }

  /** The handler of an item that is no longer ours returned. */
  #returned(item: InFlight): void {
    if (item.givenUp) this.#abandoned -= 1;
    item.givenUp = false;
    this.#lost.delete(item);
    this.#queue.free(item);
    this.#queue.fill();
  }

  #giveUp(item: InFlight, reason: PubSubError): void {
    item.abort(reason);
    if (item.givenUp) return;
    item.givenUp = true;
    this.#abandoned += 1;
  }

  /** The handler took longer than it may: its attempt counts as failed, and its place is free for another. */
  #expire(item: InFlight): void {
    const limitMs = Math.round(item.deadlineMs - item.startedMs);
    const error = new PubSubError("TIMEOUT", `the handler did not finish within ${limitMs} ms`);
    item.deadlineMs = Number.POSITIVE_INFINITY;
    this.#giveUp(item, error);
    if (this.#lost.delete(item)) {
      this.#queue.free(item);
      this.#queue.fill();
    } else if (item.state === "running") {
      reported(this.failed(item, error));
    }
  }

  // Life.

  async close(options: CloseOptions = {}): Promise<void> {
    // Before anything ends: a wrong option must not leave a worker that can never be closed.
    const timeoutMs = closeTimeout(options, this.#options.closeTimeoutMs);
    this.#closing ??= this.#close(timeoutMs, options.signal);
    await this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    this.#state = "closing";
    this.#giveBackWaiting();
    this.#options.onClosing?.(this);
    await this.#quietly("stopping", async () => await this.#driver?.stop());
    this.#giveBackWaiting();
    if (!(await this.#queue.idle(this.#options.clock, timeoutMs, signal))) this.#giveUpRunning();
    await this.#settler.flushed();
    this.#keeper.stop();
    await this.#quietly("closing", async () => await this.#driver?.close());
    await this.#quietly("closing dead letters", () => this.#options.letters.close());
    this.#queue.leave();
    this.#state = "closed";
    this.#options.onClosed(this);
    this.#resolveClosed();
  }

  #giveBackWaiting(): void {
    this.#lanes?.clear();
    this.#queue.clear();
    this.#giveBack(this.#held.toArray().filter((item) => item.state === "waiting"));
  }

  #giveBack(items: readonly InFlight[]): void {
    for (const item of items) if (item.state === "waiting") reported(this.#settler.release(item));
  }

  #giveUpRunning(): void {
    const error = new PubSubError("CLOSED", "the subscription was closed before the handler finished");
    for (const item of this.#lost) this.#giveUp(item, error);
    for (const item of this.#held.toArray()) {
      if (item.state !== "running") continue;
      this.#giveUp(item, error);
      reported(this.#settler.release(item));
    }
  }

  async #quietly(what: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      const code = error instanceof PubSubError ? error.code : "UNKNOWN";
      this.#options.logger.warn({ ...this.#names(), code }, `${what} the subscriber failed`);
    }
  }

  #names(): { readonly topic: string; readonly subscription: string } {
    return { topic: this.subscription.topic.name, subscription: this.subscription.name };
  }
}

/**
 * Where a message that was fetched and given back spends an attempt, one with no attempts left may never have run: it
 * runs once more, and fails for good then. Only this many spent attempts beyond the last are taken for dying workers.
 */
const UNSTARTED_SPARE = 5;

/** What the pull form's handler returns: its deliveries settle the item later. */
export const SETTLED_BY_HAND: unique symbol = Symbol("settled by hand");

/** A settle that fails is logged and observed by the settler; only the pull form's caller is told besides. */
function reported(settle: Promise<void> | undefined): void {
  settle?.catch(() => {});
}

/** What was thrown, or an error instead of it when even asking for its kind throws: a revoked proxy. */
function inspectable(thrown: unknown): unknown {
  if (typeof thrown !== "object" || thrown === null) return thrown;
  try {
    Object.getPrototypeOf(thrown);
    return thrown;
  } catch {
    return new TypeError("what the handler threw cannot be looked at");
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
