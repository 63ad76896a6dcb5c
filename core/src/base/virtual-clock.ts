import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock, TimerHandle } from "./clock.ts";
import { shown } from "./shown.ts";

interface VirtualTimer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** Turns of the event loop given to promises and `setImmediate` callbacks between two timers. */
const TURNS_BETWEEN_TIMERS = 10;
const DAY_MS = 24 * 60 * 60 * 1000;
const DEFAULT_START_MS = Date.UTC(2026, 0, 1);

/**
 * Time that moves only by hand, for tests of retries, leases and retention without waiting. Give it to
 * `connect("memory:", { clock })`; brokers outside this process keep their own time.
 *
 * Calls of `advance` and `runUntilIdle` that overlap run one after the other.
 */
export class VirtualClock implements Clock {
  #nowMs: number;
  /** By due time, then by the order of `setTimer`. */
  readonly #timers: VirtualTimer[] = [];
  #busy: Promise<void> = Promise.resolve();

  /** @param startMs Unix ms; the beginning of 2026 when left out */
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
   * Moves time forward by `ms`. Timers that fall due run in order, each at its own time; before the first, between two
   * and after the last, promises and a few turns of the event loop get to settle. Timers set meanwhile count.
   *
   * @throws TypeError when `ms` is not a finite number of at least 0; rejects with what a timer's callback throws
   */
  advance(ms: number): Promise<void> {
    if (!(Number.isFinite(ms) && ms >= 0)) {
      throw new TypeError(`ms is ${shown(ms)}: must be a finite number of at least 0`);
    }
    return this.#exclusively(async () => {
      const endMs = this.#nowMs + ms;
      await settle();
      while (await this.#runNext(endMs));
      this.#nowMs = endMs;
    });
  }

  /**
   * Runs timers, moving time from one to the next, until none is pending.
   *
   * Rejects when that takes more than `limitMs` of virtual time: something sets timers for ever, as the renewal of a
   * running handler's lease does. @param limitMs one day when left out
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
