import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock, TimerHandle } from "./clock.ts";
import { shown } from "./shown.ts";

interface VirtualTimer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** What `VirtualClock.advance` waits for. */
export interface AdvanceOptions {
  /**
   * Awaited before each timer, and once more after the last. Time stands still until it resolves: for work that takes real time, such
   * as a handler that waits for a database. @default nothing is awaited, except a few turns of the event loop
   */
  readonly hold?: (() => Promise<void>) | undefined;
}

/** Turns of the event loop between two timers, in which promises and `setImmediate` callbacks run. */
const TURNS_BETWEEN_TIMERS = 10;
const DAY_MS = 24 * 60 * 60 * 1000;
const DEFAULT_START_MS = Date.UTC(2026, 0, 1);

/**
 * A clock that moves only when it is told to, for tests of retries, leases and retention without waiting. For
 * `connect("memory:", { clock })`; brokers outside this process use their own time.
 *
 * Time does not know what the program does. A handler that waits for a real database is still waiting when the clock has moved past
 * its deadline, unless `hold` keeps the clock from moving. `@anytopic/testing` does that.
 *
 * Concurrent calls of `advance` and `runUntilIdle` run one after the other.
 */
export class VirtualClock implements Clock {
  #nowMs: number;
  /** By due time, then by the order of `setTimer`. */
  readonly #timers: VirtualTimer[] = [];
  #busy: Promise<void> = Promise.resolve();

  /** @param startMs Unix ms, default 2026-01-01T00:00:00Z */
  constructor(startMs: number = DEFAULT_START_MS) {
    if (!Number.isFinite(startMs)) throw new TypeError(`startMs is ${shown(startMs)}: must be a finite number of ms`);
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonicNow(): number {
    return this.#nowMs;
  }

  /** When the next timer is due, in ms as `now` counts them; `undefined` when none is pending. */
  get nextDueMs(): number | undefined {
    return this.#timers[0]?.dueMs;
  }

  /** How many timers are pending. */
  get pending(): number {
    return this.#timers.length;
  }

  setTimer(callback: () => void, delayMs: number): TimerHandle {
    const timer: VirtualTimer = { dueMs: this.#nowMs + Math.max(0, delayMs), callback };
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#timers[middle]?.dueMs ?? 0) <= timer.dueMs) low = middle + 1;
      else high = middle;
    }
    this.#timers.splice(low, 0, timer);
    return timer;
  }

  clearTimer(handle: TimerHandle): void {
    const index = this.#timers.indexOf(handle as VirtualTimer);
    if (index >= 0) this.#timers.splice(index, 1);
  }

  /**
   * Moves time forward by `ms`. Timers that are due in that time run in order, each at its own time, also timers that were set
   * meanwhile. Before and after each timer, a few turns of the event loop let promises settle, and then `hold` is awaited.
   *
   * Rejects with the error of a timer's callback, and with that of `hold`. Time then stays where it is.
   * @throws TypeError when `ms` is not a finite number of at least 0
   */
  advance(ms: number, { hold }: AdvanceOptions = {}): Promise<void> {
    if (!(Number.isFinite(ms) && ms >= 0)) {
      throw new TypeError(`ms is ${shown(ms)}: must be a finite number of at least 0`);
    }
    return this.#exclusively(async () => {
      const endMs = this.#nowMs + ms;
      await settle();
      await hold?.();
      while (await this.#runNext(endMs)) await hold?.();
      this.#nowMs = endMs;
    });
  }

  /**
   * Runs all timers, each at its own time, until none is pending.
   *
   * Rejects when that takes more than `limitMs` of virtual time, because some timers are set again without end, for example to
   * renew the lease of a running handler. @param limitMs default one day
   */
  runUntilIdle(limitMs: number = DAY_MS): Promise<void> {
    return this.#exclusively(async () => {
      const endMs = this.#nowMs + limitMs;
      await settle();
      while (await this.#runNext(endMs));
      if (this.#timers.length > 0) throw new Error(`timers are still pending after ${limitMs} ms of virtual time`);
    });
  }

  async #runNext(endMs: number): Promise<boolean> {
    const timer = this.#timers[0];
    if (timer === undefined || timer.dueMs > endMs) return false;
    this.#timers.shift();
    this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
    timer.callback();
    await settle();
    return true;
  }

  #exclusively(run: () => Promise<void>): Promise<void> {
    const result = this.#busy.then(run);
    this.#busy = result.catch(() => {});
    return result;
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS_BETWEEN_TIMERS; turn += 1) await nextTurn();
}
