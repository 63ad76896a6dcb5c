import { type ReceivingReports, retryPauseMs, type TimerHandle } from "@anytopic/core/driver";
import { toPubSubError } from "../errors.ts";
import type { WorkerScripts } from "./worker-scripts.ts";
import type { WorkerPart, WorkerSetup } from "./worker-setup.ts";

/**
 * How often a worker looks for retries of others, in ms. It knows when its own are due, and since its last look also those of others. So only a retry
 * or a publish with a shorter delay, of a process that ended before it was due, waits for the next look.
 */
const LOOK_MS = 5000;
/** How often a worker trims that ends messages, in ms, and one that does not. */
const TRIM_MS = 5000;
const IDLE_TRIM_MS = 60_000;

/** Calls the scripts that do what time brings about: due retries, expired leases, trimming. */
export class TendLoop {
  readonly #setup: WorkerSetup;
  readonly #scripts: WorkerScripts;
  readonly #reports: ReceivingReports<WorkerPart>;
  readonly #endListening: () => void;
  #timer: TimerHandle = undefined;
  /** When the timer fires, by the monotonic clock. */
  #timerMs = Number.POSITIVE_INFINITY;
  #leasesMs: number;
  #trimmedMs: number;
  #hasEnded = false;
  #isRunning = false;
  #isStopped = false;
  #failures = 0;

  constructor(setup: WorkerSetup, scripts: WorkerScripts, reports: ReceivingReports<WorkerPart>) {
    this.#setup = setup;
    this.#scripts = scripts;
    this.#reports = reports;
    this.#leasesMs = this.#nowMs + this.#leasePauseMs;
    this.#trimmedMs = this.#nowMs - TRIM_MS * setup.connection.context.random();
    // Every worker first renews what it holds: the server may have been away for longer than a lease.
    this.#endListening = setup.connection.onReconnected(() => {
      this.#leasesMs = this.#nowMs + this.#leasePauseMs;
      this.by(0);
    });
  }

  /** Looks within `delayMs`. */
  by(delayMs: number): void {
    if (this.#isStopped) return;
    const dueMs = this.#nowMs + delayMs;
    if (dueMs >= this.#timerMs) return;
    const { clock } = this.#setup.connection.context;
    clock.clearTimer(this.#timer);
    this.#timerMs = dueMs;
    this.#timer = clock.setTimer(() => void this.#tend(), delayMs);
  }

  /** There is something to trim. Cheap: called for every message. */
  ended(): void {
    this.#hasEnded = true;
  }

  stop(): void {
    this.#isStopped = true;
    this.#endListening();
    this.#setup.connection.context.clock.clearTimer(this.#timer);
  }

  get #nowMs(): number {
    return this.#setup.connection.context.clock.monotonicNow();
  }

  /** A lease that has expired is noticed within a quarter of its length. */
  get #leasePauseMs(): number {
    return Math.min(2000, Math.max(250, this.#setup.spec.ackDeadlineMs / 4));
  }

  async #tend(): Promise<void> {
    this.#timerMs = Number.POSITIVE_INFINITY;
    // The one that runs sets the timer when it ends.
    if (this.#isRunning || this.#isStopped) return;
    this.#isRunning = true;
    const nextMs = await this.#tendOnce();
    this.#isRunning = false;
    const { random } = this.#setup.connection.context;
    this.by(Math.min(nextMs, LOOK_MS * (0.75 + random() / 2), Math.max(1, this.#leasesMs - this.#nowMs)));
  }

  /** Resolves with the ms until the next retry or scheduled message is due, or Infinity. */
  async #tendOnce(): Promise<number> {
    const { connection } = this.#setup;
    if (!connection.connected) return LOOK_MS;
    const nowMs = this.#nowMs;
    const leases = nowMs >= this.#leasesMs;
    if (leases) this.#leasesMs = nowMs + this.#leasePauseMs;
    try {
      const [tended, publishMs] = await Promise.all([this.#scripts.tend(leases), this.#scripts.publishDue()]);
      // What is taken from now on has a whole lease.
      if (leases && tended.held === 0) this.#leasesMs += this.#setup.spec.ackDeadlineMs;
      if (nowMs - this.#trimmedMs >= (this.#hasEnded ? TRIM_MS : IDLE_TRIM_MS)) {
        this.#hasEnded = false;
        this.#trimmedMs = nowMs;
        await this.#scripts.trim();
      }
      this.#failures = 0;
      this.#reports.receiving("tending");
      const times = [tended.dueMs, publishMs].filter((ms) => ms >= 0);
      return Math.min(...times);
    } catch (error) {
      const mapped = toPubSubError(error, `redeliver messages of group ${this.#setup.names.group}`);
      if (mapped.code !== "CLOSED") this.#reports.failing("tending", mapped, mapped.code === "UNAVAILABLE");
      this.#failures += 1;
      return retryPauseMs(this.#failures, connection.context.random, mapped);
    }
  }
}
