import type { Clock, TimerHandle } from "../base/clock.ts";
import type { RateHealth } from "../observe/health.ts";
import type { RateLimit } from "../declare/rate-limit.ts";

/**
 * Lets at most `max` attempts start in any span of `perMs`: an attempt may start when the one that started `max` before it is at least
 * `perMs` ago. Not a token bucket, which lets twice as many start in one span when it was full before.
 */
export class StartRate {
  readonly #limit: RateLimit;
  readonly #clock: Clock;
  /** Called when the next attempt may start. */
  readonly #wake: () => void;
  /** When the last `max` attempts started, by the monotonic clock: a ring, of which `#next` is the oldest. */
  readonly #startedMs: Float64Array;
  #next = 0;
  #timer: TimerHandle;

  constructor(limit: RateLimit, clock: Clock, wake: () => void) {
    this.#limit = limit;
    this.#clock = clock;
    this.#wake = wake;
    this.#startedMs = new Float64Array(limit.max).fill(Number.NEGATIVE_INFINITY);
  }

  /** Whether an attempt may start now, which then counts as started. If not, `wake` is called when one may. */
  take(): boolean {
    const nowMs = this.#clock.monotonicNow();
    const freeMs = (this.#startedMs[this.#next] as number) + this.#limit.perMs;
    if (nowMs < freeMs) {
      this.#timer ??= this.#clock.setTimer(() => {
        this.#timer = undefined;
        this.#wake();
      }, freeMs - nowMs);
      return false;
    }
    this.#startedMs[this.#next] = nowMs;
    this.#next = (this.#next + 1) % this.#startedMs.length;
    return true;
  }

  health(): RateHealth {
    const { max, perMs } = this.#limit;
    const leftMs = (this.#startedMs[this.#next] as number) + perMs - this.#clock.monotonicNow();
    return { max, perMs, fullForMs: Math.max(0, Math.ceil(leftMs)) };
  }

  /** Nothing waits any longer. */
  close(): void {
    this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}
