import type { Clock, TimerHandle } from "@anytopic/core";

/** A pause that all runners of a relay share, and that a wake-up ends. */
export class Rest {
  readonly #clock: Clock;
  #resting: PromiseWithResolvers<void> | undefined;
  #timer: TimerHandle;
  #calls = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How often `end` was called. */
  get calls(): number {
    return this.#calls;
  }

  /** Resolves after `delayMs` or when `end` is called; at once when it was called since `calls` had this value. Keeps the process alive. */
  async pause(delayMs: number, calls: number): Promise<void> {
    if (calls !== this.#calls) return;
    if (this.#resting === undefined) {
      this.#resting = Promise.withResolvers();
      this.#timer = this.#clock.setTimer(() => this.#over(), delayMs, true);
    }
    await this.#resting.promise;
  }

  /** Ends the pause. */
  end(): void {
    this.#calls += 1;
    this.#over();
  }

  #over(): void {
    this.#clock.clearTimer(this.#timer);
    this.#resting?.resolve();
    this.#resting = undefined;
  }
}
