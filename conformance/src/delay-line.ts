interface Step {
  readonly dueAt: number;
  readonly run: () => void;
}

/** Runs steps after a delay, in the order in which they were added, also when a later one has a shorter delay. */
export class DelayLine {
  readonly #steps: Step[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** At once when there is no delay and nothing waits. */
  push(delayMs: number, run: () => void): void {
    if (delayMs === 0 && this.#steps.length === 0) {
      run();
      return;
    }
    this.#steps.push({ dueAt: performance.now() + delayMs, run });
    this.#arm();
  }

  /** Drops the steps that wait. */
  clear(): void {
    this.#steps.length = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(): void {
    const next = this.#steps[0];
    if (next === undefined || this.#timer !== undefined) return;
    // Rounded up: a timer that fires a fraction early would have to be set again.
    this.#timer = setTimeout(() => this.#release(), Math.max(0, Math.ceil(next.dueAt - performance.now())));
  }

  #release(): void {
    this.#timer = undefined;
    const now = performance.now();
    const due = this.#steps.findIndex(({ dueAt }) => dueAt > now);
    for (const { run } of this.#steps.splice(0, due < 0 ? this.#steps.length : due)) run();
    this.#arm();
  }
}
