// Over 300 lines: intake, runs and life of one worker share their state; places are in run-queue.ts, outcomes in settler.ts.
import type { Capabilities } from "../contract/capabilities.ts";
import type { Clock } from "../base/clock.ts";
import { CLOSE_GRACE_MS, CloseBudget } from "../base/close-budget.ts";
import type { DeliverySink, DriverDeadLetters, DriverDelivery, DriverSubscriber } from "../driver.ts";
import { PubSubError } from "../base/errors.ts";
import { readEvent, type EventReceiver } from "./event-reader.ts";
import { HandlerScope } from "./handler-scope.ts";
import type { SubscriptionHealth } from "../observe/health.ts";
import type { InboxGate } from "./inbox-gate.ts";
import { HeldItems } from "../base/held-items.ts";
import { InFlight, type LeaseClock } from "./in-flight.ts";
import { KeyLanes } from "./key-lanes.ts";
import type { LateSuccesses } from "./late-successes.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import type { Logger } from "../base/logger.ts";
import type { PubSubEvent } from "../observe/observer.ts";
import { ACK, type Outcome, outcomeOf, RELEASE, RELEASE_ENDED_LEASE } from "./outcome.ts";
import { type AttemptEnd, type EventRun, reported } from "./run-handler.ts";
import { RunQueue } from "./run-queue.ts";
import { Settler, type SettledItems } from "./settler.ts";
import type { SharedPlaces } from "./shared-places.ts";
import type { Subscription } from "../declare/subscription.ts";
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
  /** Of this subscription, shared by its workers in this process. */
  readonly lateSuccesses: LateSuccesses;
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
export class SubscriptionWorker implements Worker, DeliverySink, SettledItems, LeaseClock, EventReceiver, AttemptEnd {
  readonly subscription: Subscription;
  readonly closed: Promise<void>;
  readonly #options: SubscriptionWorkerOptions;
  readonly #run: EventRun;
  readonly #settler: Settler;
  readonly #lanes: KeyLanes | undefined;
  readonly #keeper: LeaseKeeper;
  readonly #held = new HeldItems<InFlight>();
  /** What goes on although its delivery was lost, a handler or the storing of a letter: it keeps its place until it ends. */
  readonly #lost = new Set<InFlight>();
  readonly #queue: RunQueue;
  readonly #scope = new HandlerScope();
  /** Whether a lease ends by itself, and not only with its connection. */
  readonly #leased: boolean;
  /** Whether a broker may take a late acknowledgement, not act on it, and not say so. */
  readonly #mayMissLateAcks: boolean;
  /** Whether anything may be waited for between an item's start and its handler. */
  readonly #startsLater: boolean;
  #abandoned = 0;
  #longestBlockMs = 0;
  /** See `UNSTARTED_SPARE`. */
  readonly #unstartedSpare: number;
  #state: "open" | "closing" | "closed" = "open";
  #failing: PubSubError | undefined;
  /** Whether it could not receive, or had lost its connection, at some time. */
  #hadOutage = false;
  #driver: DriverSubscriber | undefined;
  #closing: Promise<void> | undefined;
  /** Aborts when handlers are waited for no longer. */
  readonly #patience = new AbortController();
  /** Resolves when intake has stopped: what a handler that closes its own worker waits for. */
  readonly #stopped = Promise.withResolvers<void>();
  /** Resolves when no handler runs, or when those that do were given up. */
  readonly #drained = Promise.withResolvers<void>();
  #resolveClosed!: () => void;

  constructor(subscription: Subscription, run: EventRun, options: SubscriptionWorkerOptions) {
    this.subscription = subscription;
    this.#run = run;
    this.#options = options;
    this.#unstartedSpare = options.capabilities.attempts === "includes-unstarted" ? UNSTARTED_SPARE : 0;
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    this.#settler = new Settler({ ...options, subscription, items: this });
    const clock = this.#scope.clock(options.clock);
    const { ackDeadlineMs } = subscription;
    this.#leased = options.capabilities.lease === "renewable";
    this.#mayMissLateAcks = this.#leased && options.capabilities.durability !== "process";
    this.#startsLater = options.inbox !== undefined || subscription.topic.schema !== undefined;
    if (subscription.topic.orderingKey !== undefined) {
      this.#lanes = new KeyLanes({
        clock,
        ready: (item) => this.#ready(item),
        giveBack: (items) => this.#giveBack(items),
        patienceMs: Math.max(2 * ackDeadlineMs, 10_000),
      });
    }
    const start = (item: InFlight): void => this.#start(item);
    this.#queue = new RunQueue({ ...options, start: (item) => this.#scope.run(start, item) });
    this.#keeper = new LeaseKeeper({
      clock,
      ackDeadlineMs,
      held: this.#held,
      lost: this.#lost,
      extend: (items) => {
        this.#driver?.extend(items.map((item) => item.delivery));
      },
      expire: (item) => this.#expire(item),
      blocked: (blockedMs) => this.#blocked(blockedMs),
    });
  }

  /** The driver's handle, as soon as there is one; deliveries may have come before. */
  attach(driver: DriverSubscriber): void {
    this.#driver = driver;
    // Closing began while it was being opened, and went on without this one.
    if (this.#state === "closing") driver.stop(CLOSE_GRACE_MS).catch(() => {});
    if (this.#state === "closed") driver.close(0).catch(() => {});
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
      longestBlockMs: this.#longestBlockMs,
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
    else if (this.#hadOutage && item.attempt > 1) this.#readyWhenDue(item);
    else this.#ready(item);
    if (item.state === "waiting") item.receivedMs = this.monotonicNow();
  }

  /** After an outage a broker may have forgotten how long a retry was to wait: it waits for the rest here, under its lease. */
  #readyWhenDue(item: InFlight): void {
    const earlyMs = this.#settler.earlyByMs(item);
    if (earlyMs === 0) this.#ready(item);
    else this.#options.clock.setTimer(() => this.#ready(item), earlyMs);
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
    } else if (item.isStoring) {
      this.#lost.add(item);
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
    this.#hadOutage = true;
    this.#options.observe?.({ type: "failing", ...this.#names(), error, atMs: this.now() });
  }

  receiving(reconnected: boolean): void {
    if (this.#failing !== undefined) this.#options.logger.info(this.#names(), "receiving again");
    this.#failing = undefined;
    if (reconnected) this.#hadOutage = true;
    this.#options.observe?.({ type: "receiving", ...this.#names(), reconnected, atMs: this.now() });
  }

  // Runs.

  #ready(item: InFlight): void {
    if (item.state !== "waiting") return;
    if (this.#state !== "open") return this.#giveBack([item]);
    return this.#queue.push(item);
  }

  #start(item: InFlight): void {
    const { inbox, observe, lateSuccesses } = this.#options;
    const now = this.monotonicNow();
    // It has waited: without a renewal, it may be somebody else's by now.
    if (this.#leased && item.receivedMs !== 0 && now >= this.#keeper.leaseEndMs(item.receivedMs)) {
      return reported(this.#settler.settle(item, RELEASE_ENDED_LEASE));
    }
    const again = item.startedMs !== 0;
    if (!again) this.#begin(item, now);
    if (observe !== undefined && !again) {
      observe({ type: "deliver", ...this.#names(), id: item.id, attempt: item.attempt, atMs: this.now() });
    }
    if (lateSuccesses.has(item)) return reported(this.#settler.settle(item, ACK));
    const storing = this.#settler.storeAgain(item);
    if (storing !== undefined) return reported(storing);
    if (inbox !== undefined) reported(this.#claim(item, inbox));
    else this.#read(item);
    return undefined;
  }

  #read(item: InFlight): void {
    if (item.attempt <= this.subscription.retryPolicy.maxRetries + 1 + this.#unstartedSpare) {
      return readEvent(this.subscription.topic, item, this);
    }
    const error = new PubSubError("LEASE_LOST", "workers died or lost their lease in every permitted attempt");
    return this.unreadable(item, { kind: "reject", reason: "retries-exhausted", error });
  }

  /** The attempt's time begins now. */
  #begin(item: InFlight, nowMs: number): void {
    item.startedMs = nowMs;
    item.deadlineMs = nowMs + this.subscription.maxHandlingMs;
    if (item.receivedMs === 0) item.receivedMs = nowMs;
  }

  async #claim(item: InFlight, inbox: InboxGate): Promise<void> {
    let claim: "claimed" | "completed" | "busy";
    try {
      claim = await inbox.claim(item);
    } catch (error) {
      return reported(this.end(item, outcomeOf(error)));
    }
    // It was lost or given up meanwhile, and will not run now: its claim and its place end.
    if (item.state !== "running") return reported(this.end(item, RELEASE));
    if (claim === "claimed") return this.#read(item);
    if (claim === "completed") return reported(this.#settler.settle(item, ACK));
    return this.#park(item, inbox);
  }

  /** Somebody else handles the same message: it waits without a place, under its lease and within its time. */
  #park(item: InFlight, inbox: InboxGate): void {
    item.state = "waiting";
    this.#queue.free(item);
    inbox.whenFree(item, () => this.#ready(item));
    this.#queue.fill();
  }

  handle(item: InFlight, event: unknown): void {
    if (item.state !== "running") return reported(this.end(item, RELEASE));
    // However long was waited for its claim or validation: that is not the handler's time.
    if (this.#startsLater) this.#begin(item, this.monotonicNow());
    return this.#run(item, event, this);
  }

  unreadable(item: InFlight, outcome: Outcome): void {
    reported(this.end(item, outcome));
  }

  // Outcomes.

  /** An attempt has ended: so do its claim, if it has one, its delivery, if that is still ours, and its place. */
  end(item: InFlight, outcome: Outcome): Promise<void> | undefined {
    const { inbox } = this.#options;
    return inbox === undefined ? this.#endDelivery(item, outcome) : this.#endClaim(item, outcome, inbox);
  }

  /** Rejects, for a reader of the pull form, when its success could not be marked. */
  async #endClaim(item: InFlight, decided: Outcome, inbox: InboxGate): Promise<void> {
    const outcome = await inbox.end(item, decided);
    await this.#endDelivery(item, outcome);
    if (outcome.kind !== "ack" && outcome !== decided) throw outcome.error;
  }

  #endDelivery(item: InFlight, outcome: Outcome): Promise<void> | undefined {
    const isAck = outcome.kind === "ack";
    if (item.state === "running") return isAck ? this.#ackSuccess(item) : this.#settler.settle(item, outcome);
    if (isAck) this.#succeededLate(item);
    else this.#returned(item);
    return undefined;
  }

  #ackSuccess(item: InFlight): Promise<void> | undefined {
    if (this.#mayMissLateAcks && this.monotonicNow() >= this.#keeper.leaseEndMs(item.receivedMs)) {
      this.#options.lateSuccesses.add(item);
    }
    return this.#settler.settle(item, ACK);
  }

  /**
   * Its delivery was lost, not its success: the broker may still take the acknowledgement, and a redelivery is not run.
   * A reader of the pull form is told that it was lost, and gets it again.
   */
  #succeededLate(item: InFlight): void {
    if (item.state === "lost" && !item.byHand) {
      item.state = "settled";
      this.#options.lateSuccesses.add(item);
      reported(item.delivery.owner.ack(item.delivery));
    }
    this.#returned(item);
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
    if (!item.isStoring) this.#ended(item);
  }

  storedLost(item: InFlight): void {
    this.#ended(item);
  }

  #ended(item: InFlight): void {
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
    item.deadlineMs = Number.POSITIVE_INFINITY;
    if (item.state === "waiting") {
      const error = new PubSubError("TIMEOUT", `somebody else has handled the same message for ${limitMs} ms`);
      return reported(this.#settler.settle(item, outcomeOf(error)));
    }
    const error = new PubSubError("TIMEOUT", `the handler did not finish within ${limitMs} ms`);
    this.#giveUp(item, error);
    this.#endUnknown(item);
    if (this.#lost.delete(item)) {
      this.#queue.free(item);
      this.#queue.fill();
    } else if (item.state === "running") {
      reported(this.#settler.settle(item, outcomeOf(error)));
    }
  }

  /** The claim of a handler that still runs is its own until it ends. A reader of the pull form may have gone for good. */
  #endUnknown(item: InFlight): void {
    if (item.byHand) reported(this.#options.inbox?.abandon(item));
  }

  #blocked(blockedMs: number): void {
    if (!this.#leased) return;
    this.#longestBlockMs = Math.max(this.#longestBlockMs, Math.round(blockedMs));
    const { ackDeadlineMs } = this.subscription;
    this.#options.logger.error(
      { ...this.#names(), blockedMs: Math.round(blockedMs), ackDeadlineMs },
      "the event loop was blocked for so long that leases have ended: expect redeliveries; handlers must not block, or ackDeadlineMs must be longer",
    );
    const now = this.monotonicNow();
    const ended = this.#held.toArray().filter(({ receivedMs }) => now >= this.#keeper.leaseEndMs(receivedMs));
    for (const item of ended) {
      if (item.state !== "waiting") continue;
      if (item.orderingKey !== undefined) this.#lanes?.leaves(item.orderingKey, item);
      reported(this.#settler.settle(item, RELEASE_ENDED_LEASE));
    }
  }

  // Life.

  async close(options: CloseOptions = {}): Promise<void> {
    // Before anything ends: a wrong option must not leave a worker that can never be closed.
    const timeoutMs = closeTimeout(options, this.#options.closeTimeoutMs);
    const { clock, logger } = this.#options;
    const closed = this.#closing ?? this.closeWithin(timeoutMs, options.signal, new CloseBudget(clock, logger));
    await (this.hasCaller ? this.#stopped.promise : closed);
  }

  /**
   * Begins to close; when it is closing already, its handlers are given no more than `timeoutMs` from now. What comes
   * after them is done within `budget`, which may be shared. Resolves when it is closed.
   */
  async closeWithin(timeoutMs: number, signal: AbortSignal | undefined, budget: CloseBudget): Promise<void> {
    const patience = this.#patience;
    const giveUp = (): void => patience.abort();
    if (timeoutMs === 0 || signal?.aborted === true) giveUp();
    const { clock } = this.#options;
    const timer = clock.setTimer(giveUp, timeoutMs, true);
    signal?.addEventListener("abort", giveUp, { once: true });
    this.#closing ??= this.#close(budget);
    await this.#drained.promise;
    clock.clearTimer(timer);
    signal?.removeEventListener("abort", giveUp);
    await this.#closing;
  }

  /** Whether the caller is one of its handlers, which cannot wait for its own end. */
  get hasCaller(): boolean {
    return this.#scope.isInside && this.#queue.running > 0;
  }

  /** Whether a handler runs that is waited for. */
  get isBusy(): boolean {
    return this.#queue.running > 0;
  }

  /** Resolves when it takes no more messages. Only once it is being closed. */
  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  /** Resolves when no handler of it runs any more, or when those that do were given up. Only once it is being closed. */
  get drained(): Promise<void> {
    return this.#drained.promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(budget: CloseBudget): Promise<void> {
    this.#state = "closing";
    this.#giveBackWaiting();
    this.#options.onClosing?.(this);
    const names = this.#names();
    const stopping = this.#stop();
    if (!(await this.#queue.idle(this.#patience.signal))) this.#giveUpRunning();
    budget.begin();
    this.#drained.resolve();
    await budget.wait("stopping the subscriber", names, () => stopping);
    this.#giveBackWaiting();
    await budget.wait("waiting for settles to be confirmed", names, () => this.#settler.flushed());
    this.#keeper.stop();
    await budget.wait("closing the subscriber", names, async (leftMs) => await this.#driver?.close(leftMs));
    await budget.wait("closing dead letters", names, (leftMs) => this.#options.letters.close(leftMs));
    this.#queue.leave();
    this.#state = "closed";
    this.#options.onClosed(this);
    this.#resolveClosed();
  }

  /** Has a time of its own: handlers may take longer than that, and one of them may wait for `stopped`. Never rejects. */
  async #stop(): Promise<void> {
    const { clock, logger } = this.#options;
    const own = new CloseBudget(clock, logger);
    await own.wait("stopping the subscriber", this.#names(), async (leftMs) => await this.#driver?.stop(leftMs));
    this.#stopped.resolve();
  }

  #giveBackWaiting(): void {
    this.#lanes?.clear();
    this.#queue.clear();
    this.#giveBack(this.#held.toArray().filter((item) => item.state === "waiting"));
  }

  #giveBack(items: readonly InFlight[]): void {
    for (const item of items) if (item.state === "waiting") reported(this.#settler.settle(item, RELEASE));
  }

  #giveUpRunning(): void {
    const error = new PubSubError("CLOSED", "the subscription was closed before the handler finished");
    for (const item of this.#lost) if (!item.isStoring) this.#giveUp(item, error);
    for (const item of this.#held.toArray()) {
      if (item.state !== "running") continue;
      this.#giveUp(item, error);
      this.#endUnknown(item);
      reported(this.#settler.settle(item, RELEASE));
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
