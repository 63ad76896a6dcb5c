const MAX_REMEMBERED = 10_000;

/** When messages that are being retried failed first, as far as this worker saw it. Bounded; the oldest are forgotten. */
export class FirstFailures {
  readonly #atMs = new Map<string, number>();

  /** Notes a failure and returns when the first one was, or undefined when that happened elsewhere. */
  note(id: string, attempt: number, nowMs: number): number | undefined {
    const known = this.#atMs.get(id);
    if (known !== undefined || attempt > 1) return known;
    this.#atMs.set(id, nowMs);
    if (this.#atMs.size > MAX_REMEMBERED)
      for (const oldest of this.#atMs.keys()) return (this.#atMs.delete(oldest), nowMs);
    return nowMs;
  }

  /** Whether any is remembered: a message without failures need not be asked for its id. */
  get any(): boolean {
    return this.#atMs.size > 0;
  }

  forget(id: string): void {
    this.#atMs.delete(id);
  }
}
