import type { Clock } from "@anytopic/core/driver";

/** A wait that can be ended early. One at a time. */
export class Pause {
  readonly #clock: Clock;
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after `delayMs`, or at `wake()`; without a delay only then. */
  async wait(delayMs: number | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = delayMs === undefined ? undefined : this.#clock.setTimer(resolve, delayMs, true);
      this.#wake = () => {
        this.#clock.clearTimer(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  wake(): void {
    this.#wake?.();
  }
}
