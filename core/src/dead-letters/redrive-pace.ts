import type { Clock } from "../base/clock.ts";
import { pause } from "../base/pause.ts";
import type { RateLimit } from "../declare/rate-limit.ts";

/** Letters that wait for their turn are taken, and their lease must not end meanwhile. */
const TAKEN_FOR_MS = 10_000;

/** Spreads the letters of a redrive evenly over time. The first one waits too, so that redrives one after the other keep the rate. */
export class RedrivePace {
  readonly #clock: Clock;
  readonly #spacingMs: number;
  #nextMs: number;

  /** @throws TypeError when a letter would have to wait for too long */
  constructor({ max, perMs }: RateLimit, clock: Clock) {
    this.#clock = clock;
    this.#spacingMs = perMs / max;
    this.#nextMs = clock.monotonicNow() + this.#spacingMs;
    if (this.#spacingMs > TAKEN_FOR_MS) {
      throw new TypeError(`rate is ${max} letters in ${perMs} ms: must be at least one in 10 s; for fewer, use limit`);
    }
  }

  /** How many letters to take at a time. */
  get batch(): number {
    return Math.max(1, Math.floor(TAKEN_FOR_MS / this.#spacingMs));
  }

  /** Resolves when the next letter may be sent, or when `signal` aborts. */
  async turn(signal: AbortSignal | undefined): Promise<void> {
    const waitMs = this.#nextMs - this.#clock.monotonicNow();
    if (waitMs > 0) await pause(this.#clock, Math.ceil(waitMs), signal);
    this.#nextMs = Math.max(this.#nextMs, this.#clock.monotonicNow()) + this.#spacingMs;
  }
}
