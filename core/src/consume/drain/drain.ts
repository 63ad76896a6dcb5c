import type { Clock, TimerHandle } from "../../base/clock.ts";
import type { DrainResult } from "./drain-options.ts";
import type { SubscriptionHealth } from "../../observe/health.ts";
import { PubSubError } from "../../base/errors.ts";
import type { PubSubEvent } from "../../observe/observer.ts";
import { StartLimit } from "./start-limit.ts";
import type { Worker } from "../worker.ts";

export interface DrainSettings {
  readonly clock: Clock;
  /** `topic/subscription`, for errors. */
  readonly path: string;
  readonly untilIdleMs: number;
  readonly maxMessages: number | undefined;
  readonly maxMs: number | undefined;
  /** How long handlers that run at the end may take, in ms. */
  readonly handlersMs: number;
  /** Whether the connections of the subscription work. */
  readonly isConnected: () => boolean;
}

/** Watches the workers of one drain, counts what they do, and closes them at its end. */
export class Drain {
  readonly limit: StartLimit | undefined;
  readonly maxMessages: number | undefined;
  readonly #settings: DrainSettings;
  readonly #workers = new Set<Worker>();
  readonly #ended = Promise.withResolvers<DrainResult["endedBy"]>();
  readonly #counts = { handled: 0, retried: 0, deadLettered: 0, skipped: 0 };
  /** When something happened last, by the monotonic clock. */
  #activeMs: number;
  #isEnding = false;
  #idleTimer: TimerHandle;
  #endTimer: TimerHandle;

  constructor(settings: DrainSettings) {
    const { maxMessages, clock } = settings;
    this.#settings = settings;
    this.maxMessages = maxMessages;
    this.#activeMs = clock.monotonicNow();
    this.limit = maxMessages === undefined ? undefined : new StartLimit(maxMessages, () => this.#end("max-messages"));
    // Awaited later, and it may reject before.
    this.#ended.promise.catch(() => {});
  }

  /** A worker of the subscription, on one connection, which may receive from now on. */
  add(worker: Worker): void {
    this.#workers.add(worker);
    if (this.#isEnding) this.#close(worker);
    void worker.closed.then(() =>
      this.#fail(new PubSubError("CLOSED", `${this.#settings.path} was closed before it was drained`)),
    );
  }

  /** For the observer of its workers. */
  readonly observe = (event: PubSubEvent): void => {
    this.#activeMs = this.#settings.clock.monotonicNow();
    if (event.type === "ack") this.#counts.handled += 1;
    else if (event.type === "retry") this.#counts.retried += 1;
    else if (event.type === "dead-letter") this.#counts.deadLettered += 1;
    else if (event.type === "skipped") this.#counts.skipped += 1;
    // The driver tries again without end, and nothing will change.
    else if (event.type === "failing" && !event.error.retryable) this.#fail(event.error);
  };

  /** Called when the workers are open. Resolves when they are closed. */
  async run(): Promise<DrainResult> {
    const { clock, maxMs } = this.#settings;
    this.#activeMs = clock.monotonicNow();
    this.#watch();
    if (maxMs !== undefined) this.#endTimer = clock.setTimer(() => this.#end("max-time"), maxMs, true);
    try {
      const endedBy = await this.#ended.promise;
      await Promise.all([...this.#workers].map(({ closed }) => closed));
      return Object.freeze({ ...this.#counts, endedBy });
    } finally {
      this.stop();
    }
  }

  /** Nothing is watched any longer. */
  stop(): void {
    this.#isEnding = true;
    const { clock } = this.#settings;
    for (const timer of [this.#idleTimer, this.#endTimer]) clock.clearTimer(timer);
    for (const worker of this.#workers) this.#close(worker);
  }

  #watch(): void {
    const { clock, untilIdleMs } = this.#settings;
    if (this.#isEnding) return;
    const now = clock.monotonicNow();
    if (this.#isBusy()) this.#activeMs = now;
    const leftMs = this.#activeMs + untilIdleMs - now;
    if (leftMs <= 0) return this.#end("idle");
    // Alone in a process on memory, nothing else keeps it alive.
    this.#idleTimer = clock.setTimer(() => this.#watch(), leftMs, true);
    return undefined;
  }

  #isBusy(): boolean {
    return !this.#settings.isConnected() || [...this.#workers].some((worker) => mayHaveWork(worker.health()));
  }

  #end(endedBy: DrainResult["endedBy"]): void {
    this.#isEnding = true;
    this.#ended.resolve(endedBy);
    for (const worker of this.#workers) this.#close(worker);
  }

  #fail(error: PubSubError): void {
    if (this.#isEnding) return;
    this.#ended.reject(error);
    this.stop();
  }

  #close(worker: Worker): void {
    void worker.close({ timeoutMs: this.#settings.handlersMs });
  }
}

/** Also while it is paused, or its circuit is not closed: then nobody knows whether there is more. */
function mayHaveWork({ running, waiting, state, circuit }: SubscriptionHealth): boolean {
  return running > 0 || waiting > 0 || state !== "receiving" || (circuit !== undefined && circuit.state !== "closed");
}
