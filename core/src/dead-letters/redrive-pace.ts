import type { Clock } from "../base/clock.ts";
import { pause } from "../base/pause.ts";
import type { RateLimit } from "../declare/rate-limit.ts";

/** Letters that wait for their turn are taken, and their lease must not end meanwhile. */
const TAKEN_FOR_MS = 10_000;

/** Spreads the letters of a redrive evenly over time. */
export class RedrivePace {
  readonly #clock: Clock;
  readonly #spacingMs: number;
  #nextMs = 0;

  constructor({ max, perMs }: RateLimit, clock: Clock) {
    this.#clock = clock;
    this.#spacingMs = perMs / max;
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
