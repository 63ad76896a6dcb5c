import { CloseBudget } from "../base/close-budget.ts";
import type { Clock } from "../base/clock.ts";
import type { FlowControl, Pausable } from "./flow-control.ts";
import { HandlerScope } from "./handler-scope.ts";
import type { SubscriptionHealth } from "../observe/health.ts";
import type { Logger } from "../base/logger.ts";
import { PubSubError } from "../base/errors.ts";
import { SharedPlaces } from "./shared-places.ts";
import type { SubscriptionWorker } from "./subscription-worker.ts";
import type { Subscription } from "../declare/subscription.ts";
import { closeTimeout, type CloseOptions, type Worker } from "./worker.ts";
import { namesOf } from "./worker-options.ts";

/** For one opening of a subscriber. */
export interface Opening {
  readonly scope: HandlerScope;
  readonly places: SharedPlaces | undefined;
  /** Called before the worker receives. Opening fails when it throws. */
  readonly onOpen: (run: SubscriptionWorker) => void;
  readonly onClosed: (run: SubscriptionWorker) => void;
}

export interface PausableWorkerOptions {
  readonly subscription: Subscription;
  /** The name of its connection. */
  readonly connection: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxConcurrency: number;
  readonly closeTimeoutMs: number;
  readonly control: FlowControl;
  /** Present when workers on several connections share `maxConcurrency`. */
  readonly places: SharedPlaces | undefined;
  /** Opens a subscriber, and resolves when it receives. */
  readonly open: (opening: Opening) => Promise<void>;
  /** Called once, when there is something to close, which may be before it receives. Opening fails when it throws. */
  readonly onOpen: (worker: PausableWorker) => void;
  /** Called once, when closed. */
  readonly onClosed: (worker: PausableWorker) => void;
}

/**
 * One worker on one connection, through all its pauses. A pause is the end of a `SubscriptionWorker`, which gives back what has not
 * started, and lets its handlers finish; `receive` opens the next one, also while such handlers still run. For the driver these are
 * two workers, so its promises for the order of a key hold between them. Together they have at most `maxConcurrency` places.
 */
export class PausableWorker implements Worker, Pausable {
  readonly subscription: Subscription;
  readonly closed: Promise<void>;
  readonly #options: PausableWorkerOptions;
  /** The async context of `subscribe`, also for handlers that start after a pause. */
  readonly #scope = new HandlerScope();
  /** The one that receives, or is being opened. */
  #current: SubscriptionWorker | undefined;
  /** Those whose handlers have not ended since a pause. */
  readonly #retired = new Map<SubscriptionWorker, Promise<void>>();
  #opening: Promise<void> | undefined;
  /** Whether `onOpen` was called. */
  #isKnown = false;
  /** Grows with every `rest` and with `close`: what began to open before is not wanted any longer. */
  #ends = 0;
  /** Since when it has been paused, by the monotonic clock; `undefined` when it receives. */
  #pausedMs: number | undefined;
  #places: SharedPlaces | undefined;
  /** The longest of those before `#current`. */
  #longestBlockMs = 0;
  #closing: Promise<void> | undefined;
  readonly #resolveClosed: () => void;

  constructor(options: PausableWorkerOptions) {
    this.#options = options;
    this.subscription = options.subscription;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    options.control.add(this);
  }

  pause(): Promise<void> {
    return this.#options.control.pause();
  }

  resume(): Promise<void> {
    return this.#options.control.resume();
  }

  /** Receives messages from now on. Resolves when it does, or when `rest` or `close` has come first. */
  receive(): Promise<void> {
    return (this.#opening ??= this.#open(this.#ends));
  }

  async #open(ends: number): Promise<void> {
    const isWanted = (): boolean => ends === this.#ends;
    const onOpen = (run: SubscriptionWorker): void => {
      if (!isWanted()) throw new PubSubError("CLOSED", "the worker was paused or closed while it was opened");
      this.#current = run;
      if (this.#isKnown) return;
      this.#options.onOpen(this);
      this.#isKnown = true;
    };
    const places = this.#placesOfNext();
    try {
      await this.#options.open({ scope: this.#scope, places, onOpen, onClosed: (run) => this.#forget(run) });
    } catch (error) {
      if (!isWanted()) return;
      this.#opening = undefined;
      throw error;
    }
    if (isWanted()) this.#pausedMs = undefined;
  }

  /** Shared with handlers that still run since a pause, if there are any. */
  #placesOfNext(): SharedPlaces | undefined {
    const { places, maxConcurrency } = this.#options;
    const busy = [...this.#retired.keys()].filter(({ isBusy }) => isBusy);
    if (places !== undefined || busy.length === 0) return (this.#places = places);
    const shared = (this.#places ??= new SharedPlaces(maxConcurrency));
    for (const run of busy) run.share(shared);
    return shared;
  }

  #forget(run: SubscriptionWorker): void {
    this.#longestBlockMs = Math.max(this.#longestBlockMs, run.health().longestBlockMs);
    this.#retired.delete(run);
    if (this.#current === run) this.#current = undefined;
  }

  /** Stops receiving. Resolves when nothing more will start, and what had not started is given back. */
  async rest(): Promise<void> {
    if (this.#closing !== undefined) return;
    this.#ends += 1;
    this.#opening = undefined;
    this.#pausedMs ??= this.#options.clock.monotonicNow();
    const run = this.#current;
    this.#current = undefined;
    if (run !== undefined) this.#retired.set(run, run.retire());
    await Promise.all(this.#retired.values());
  }

  health(): SubscriptionHealth {
    const { connection, maxConcurrency: capacity, clock, control } = this.#options;
    const current = this.#current?.health();
    const parts = [...this.#runs].map((run) => run.health());
    const sum = (of: (part: SubscriptionHealth) => number): number =>
      parts.reduce((total, part) => total + of(part), 0);
    const pausedMs = this.#pausedMs;
    const isPaused = pausedMs !== undefined;
    return {
      ...namesOf(this.subscription),
      connection,
      state: this.#closing === undefined ? (isPaused ? "paused" : (current?.state ?? "closing")) : "closing",
      capacity,
      running: sum(({ running }) => running),
      abandoned: sum(({ abandoned }) => abandoned),
      waiting: sum(({ waiting }) => waiting),
      longestBlockMs: Math.max(this.#longestBlockMs, ...parts.map(({ longestBlockMs }) => longestBlockMs)),
      progressAgeMs: isPaused ? Math.round(clock.monotonicNow() - pausedMs) : (current?.progressAgeMs ?? 0),
      // Somebody has paused it on purpose, perhaps because its handlers hang: a new process would not be paused.
      stuck: isPaused ? undefined : parts.find(({ stuck }) => stuck !== undefined)?.stuck,
      error: isPaused ? undefined : current?.error,
      circuit: control.gate?.circuit?.health(),
      rate: control.gate?.rate?.health(),
    };
  }

  get #runs(): ReadonlySet<SubscriptionWorker> {
    const runs = new Set(this.#retired.keys());
    if (this.#current !== undefined) runs.add(this.#current);
    return runs;
  }

  async close(options: CloseOptions = {}): Promise<void> {
    // Checked first: a wrong option must not leave a worker that cannot be closed.
    const timeoutMs = closeTimeout(options, this.#options.closeTimeoutMs);
    const { clock, logger } = this.#options;
    const closed = this.#closing ?? this.closeWithin(timeoutMs, options.signal, new CloseBudget(clock, logger));
    await (this.hasCaller ? this.stopped : closed);
  }

  /**
   * Begins to close. When the worker is closing already, its handlers get at most `timeoutMs` from now. Everything after the
   * handlers is done within `budget`, which several workers may share. Resolves when the worker is closed.
   */
  async closeWithin(timeoutMs: number, signal: AbortSignal | undefined, budget: CloseBudget): Promise<void> {
    const runs = Array.from(this.#runs, (run) => run.closeWithin(timeoutMs, signal, budget));
    this.#closing ??= this.#close(runs);
    await Promise.all([...runs, this.#closing]);
  }

  async #close(runs: readonly Promise<void>[]): Promise<void> {
    this.#ends += 1;
    this.#options.control.close();
    await Promise.all(runs);
    this.#options.onClosed(this);
    this.#resolveClosed();
  }

  /** Whether the caller is one of its handlers, which cannot wait for its own end. */
  get hasCaller(): boolean {
    return this.#scope.isInside && this.isBusy;
  }

  /** Whether a handler runs that closing waits for. */
  get isBusy(): boolean {
    return [...this.#runs].some(({ isBusy }) => isBusy);
  }

  /** Resolves when no more messages are received. Only after closing has begun. */
  get stopped(): Promise<void> {
    return this.#all(({ stopped }) => stopped);
  }

  /** Resolves when no handler runs, or when the running ones were abandoned. Only after closing has begun. */
  get drained(): Promise<void> {
    return this.#all(({ drained }) => drained);
  }

  async #all(of: (run: SubscriptionWorker) => Promise<void>): Promise<void> {
    await Promise.all(Array.from(this.#runs, of));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
