import { Attempts } from "./attempts.ts";
import type { BatchCollectorOptions } from "./batch/batch-collector.ts";
import type { Clock } from "../base/clock.ts";
import { CLOSE_GRACE_MS, CloseBudget } from "../base/close-budget.ts";
import type { DeliverySink, DriverSubscriber } from "../driver.ts";
import { Endings } from "./endings.ts";
import type { HandlerScope } from "./handler-scope.ts";
import type { SubscriptionHealth } from "../observe/health.ts";
import type { InFlight } from "./in-flight.ts";
import { Intake } from "./intake.ts";
import { Leases } from "./leases.ts";
import { RELEASE } from "./outcome.ts";
import { skipsByFilter } from "./skips-by-filter.ts";
import { RetrySchedule } from "./retry-schedule.ts";
import { type EndsAttempts, reported } from "./run-handler.ts";
import { Settler } from "./settler.ts";
import type { Subscription } from "../declare/subscription.ts";
import type { SharedPlaces } from "./shared-places.ts";
import { WorkerItems } from "./worker-items.ts";
import { type BatchSettings, namesOf, type WorkerOptions } from "./worker-options.ts";

/** When a driver's loop has been overdue for so long, it will not turn again. Together with the driver's own period about three periods. */
const RECEIVING_OVERDUE_MS = 60_000;

export interface SubscriptionWorkerOptions extends WorkerOptions {
  /** The async context of the handlers. */
  readonly scope: HandlerScope;
  /** Called once, when closing begins: the pull form releases deliveries that nobody has read. */
  readonly onClosing: ((attempts: EndsAttempts) => void) | undefined;
  /** Called once, when closed. */
  readonly onClosed: (worker: SubscriptionWorker) => void;
}

/**
 * A worker from the time when it receives until it is paused or closed: receives deliveries from a driver, runs the handler for at most
 * `maxConcurrency` of them at a time, in order by key, renews their leases and settles them. A delivery goes through `Intake`,
 * `WorkerItems`, `Attempts`, `Endings` and `Settler`, which are connected here. States: `open` → `closing` (nothing new starts,
 * handlers finish) → `closed`. After a pause there is a new one, see `PausableWorker`.
 */
export class SubscriptionWorker {
  readonly subscription: Subscription;
  /** Where the driver delivers to. */
  readonly sink: DeliverySink;
  readonly #options: SubscriptionWorkerOptions;
  readonly #intake: Intake;
  readonly #items: WorkerItems;
  readonly #endings: Endings;
  readonly #settler: Settler;
  readonly #leases: Leases;
  readonly #scope: HandlerScope;
  #state: "open" | "closing" | "closed" = "open";
  #driver: DriverSubscriber | undefined;
  /** When a message was last started, by the monotonic clock. */
  #startedMs = 0;
  #closing: Promise<void> | undefined;
  /** Aborts when closing stops waiting for handlers. */
  readonly #patience = new AbortController();
  /** Resolves when no more messages are received: a handler that closes its own worker waits for this. */
  readonly #stopped = Promise.withResolvers<void>();
  /** Resolves when no handler runs, or when the running ones were abandoned. */
  readonly #drained = Promise.withResolvers<void>();

  constructor(options: SubscriptionWorkerOptions) {
    this.#options = options;
    this.subscription = options.subscription;
    this.#scope = options.scope;
    const inScope = { ...options, clock: this.#scope.clock(options.clock) };
    const start = (item: InFlight): void => {
      attempts.start(item);
      if (item.startedMs > this.#startedMs) this.#startedMs = item.startedMs;
    };
    const giveBack = (item: InFlight): void => reported(settler.settle(item, RELEASE));
    const { startLimit } = options;
    const startInScope = (item: InFlight): void => {
      if (startLimit?.take() === false) giveBack(item);
      else this.#scope.run(start, item);
    };
    const items = new WorkerItems({
      ...inScope,
      start: startInScope,
      batches: options.batch && this.#batches(options.batch, inScope.clock, startInScope),
      giveBack,
      skips: skipsByFilter(options.subscription, (item) => settler.skip(item, "filter")),
    });
    const schedule = new RetrySchedule(options);
    const settler = new Settler(options, items, schedule);
    const extend: DriverSubscriber["extend"] = (deliveries) => this.#driver?.extend(deliveries);
    const leases = new Leases({ ...inScope, extend, expire: (item) => endings.expire(item) }, items, settler);
    const endings = new Endings(options, items, settler, leases);
    const attempts = new Attempts(options, items, settler, leases, endings);
    this.#items = items;
    this.#settler = settler;
    this.#leases = leases;
    this.#endings = endings;
    this.#intake = new Intake(options, items, settler, schedule, leases);
    this.sink = this.#intake;
  }

  #batches(batch: BatchSettings, clock: Clock, start: BatchCollectorOptions["start"]): BatchCollectorOptions {
    // The last message that a batch waits for may leave it in a call of the driver.
    const run: BatchSettings["run"] = (entries, attempts) =>
      this.#scope.run(() => batch.run(entries, attempts), undefined);
    return { ...batch, clock, start, run };
  }

  /** Called with the driver's subscriber as soon as it is open. Deliveries may have come before. */
  attach(driver: DriverSubscriber): void {
    this.#driver = driver;
    // Closing began, and may have ended, while the driver was opening this.
    if (this.#state === "closing") driver.stop(CLOSE_GRACE_MS).catch(() => {});
    if (this.#state === "closed") driver.close(0).catch(() => {});
  }

  health(): SubscriptionHealth {
    const { error } = this.#intake;
    const { running, abandoned, waiting } = this.#items;
    const { clock, maxConcurrency: capacity } = this.#options;
    return {
      ...namesOf(this.subscription),
      connection: this.#options.connection,
      state: this.#state === "open" ? (error === undefined ? "receiving" : "failing") : "closing",
      capacity,
      running,
      abandoned,
      waiting,
      longestBlockMs: this.#leases.longestBlockMs,
      progressAgeMs: Math.round(clock.monotonicNow() - Math.max(this.#intake.reportedMs, this.#startedMs)),
      stuck: this.#stuck(),
      error: error === undefined ? undefined : { code: error.code, message: error.message },
      circuit: this.#options.gate?.circuit?.health(),
      rate: this.#options.gate?.rate?.health(),
    };
  }

  #stuck(): SubscriptionHealth["stuck"] {
    if (this.#items.overrunMs > this.subscription.maxHandlingMs) return "handlers";
    const mayReceive = this.#state === "open" && this.#intake.error === undefined;
    return mayReceive && (this.#driver?.overdueMs?.() ?? 0) > RECEIVING_OVERDUE_MS ? "receiving" : undefined;
  }

  /**
   * Begins to close, and lets running handlers take as long as they need. Resolves when nothing more will start, and what had not started
   * is given back, after at most about 5 s.
   */
  async retire(): Promise<void> {
    const { clock, logger } = this.#options;
    this.#closing ??= this.#close(new CloseBudget(clock, logger));
    await this.#stopped.promise;
    const own = new CloseBudget(clock, logger);
    own.begin();
    await own.wait("waiting for releases to be confirmed", namesOf(this.subscription), () => this.#settler.flushed());
  }

  /** The places of its running handlers are among `places` from now on. Only after closing has begun. */
  share(places: SharedPlaces): void {
    this.#items.share(places);
  }

  /**
   * Begins to close. When the worker is closing already, its handlers get at most `timeoutMs` from now. Everything after the
   * handlers is done within `budget`, which several workers may share. Resolves when the worker is closed.
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

  /** Whether a handler runs that closing waits for. */
  get isBusy(): boolean {
    return this.#items.running > 0;
  }

  /** Resolves when no more messages are received. Only after closing has begun. */
  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  /** Resolves when no handler runs, or when the running ones were abandoned. Only after closing has begun. */
  get drained(): Promise<void> {
    return this.#drained.promise;
  }

  async #close(budget: CloseBudget): Promise<void> {
    this.#state = "closing";
    this.#items.close();
    this.#intake.close();
    this.#options.onClosing?.(this.#endings);
    const names = namesOf(this.subscription);
    const stopping = this.#stop();
    if (!(await this.#items.idle(this.#patience.signal))) this.#endings.giveUpRunning();
    budget.begin();
    this.#drained.resolve();
    await budget.wait("stopping the subscriber", names, () => stopping);
    this.#items.giveBackWaiting();
    await budget.wait("waiting for settles to be confirmed", names, () => this.#settler.flushed());
    this.#leases.stop();
    this.#settler.close();
    await budget.wait("closing the subscriber", names, async (leftMs) => await this.#driver?.close(leftMs));
    await budget.wait("closing dead letters", names, async (leftMs) => await this.#options.letters.close?.(leftMs));
    this.#items.leave();
    this.#endings.endAll();
    this.#state = "closed";
    this.#options.onClosed(this);
  }

  /** Has its own budget, because handlers may take longer than that, and a handler may wait for `stopped`. Never rejects. */
  async #stop(): Promise<void> {
    const { clock, logger } = this.#options;
    const own = new CloseBudget(clock, logger);
    const names = namesOf(this.subscription);
    await own.wait("stopping the subscriber", names, async (leftMs) => await this.#driver?.stop(leftMs));
    this.#stopped.resolve();
  }
}
