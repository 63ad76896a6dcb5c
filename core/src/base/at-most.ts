/** Runs at most `most` pieces of work at a time; the others wait, in the order of the calls. */
export class AtMost {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Resolves and rejects as the work does. It must not wait for other work of the same limit. Work that only waits from now on may call
   * `leave`: its place is then free before its end.
   */
  async run<Result>(work: (leave: () => void) => Promise<Result>): Promise<Result> {
    // Whoever ends passes its turn on, so that nobody comes in between.
    if (this.#running < this.#most) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let hasPlace = true;
    const leave = (): void => {
      if (!hasPlace) return;
      hasPlace = false;
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    };
    try {
      return await work(leave);
    } finally {
      leave();
    }
  }
}
