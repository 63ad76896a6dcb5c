const DEADLINE_MS = 300_000;

/** How many messages were handled, and who waits for a number of them. */
export class Handled {
  count = 0;
  #waiter: { readonly target: number; readonly done: () => void } | undefined;

  readonly one = (): void => {
    this.count += 1;
    if (this.#waiter !== undefined && this.count >= this.#waiter.target) this.#waiter.done();
  };

  /** Resolves when so many were handled in all; rejects when that takes longer than five minutes. */
  async until(target: number): Promise<void> {
    if (this.count >= target) return;
    await new Promise<void>((resolve, reject) => {
      const late = (): void => reject(new Error(`handled ${this.count} of ${target} within ${DEADLINE_MS} ms`));
      const timer = setTimeout(late, DEADLINE_MS);
      this.#waiter = {
        target,
        done: () => {
          clearTimeout(timer);
          resolve();
        },
      };
    });
  }
}
