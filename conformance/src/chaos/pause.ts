/** Something that waits while it is set. */
export class Pause {
  readonly #waiting = new Set<() => void>();
  #on = false;

  set(on: boolean): void {
    this.#on = on;
    if (on) return;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** Resolves when it is not set, or when the signal aborts. */
  async over(signal: AbortSignal): Promise<void> {
    if (!this.#on || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        signal.removeEventListener("abort", done);
        this.#waiting.delete(done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener("abort", done);
    });
  }
}
