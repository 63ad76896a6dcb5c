/** Room for handlers that several workers of one subscription share, so that together they keep to `maxConcurrency`. */
export class SharedPlaces {
  #free: number;
  readonly #onFree = new Set<() => void>();

  constructor(places: number) {
    this.#free = places;
  }

  /** Takes a place if there is one. */
  take(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  give(): void {
    this.#free += 1;
    // Whoever waits longest is not known; the one that was woken last goes to the end.
    for (const wake of Array.from(this.#onFree)) {
      if (this.#free === 0) return;
      this.#onFree.delete(wake);
      this.#onFree.add(wake);
      wake();
    }
  }

  /** `wake` is called when a place became free; returns the way to leave. */
  join(wake: () => void): () => void {
    this.#onFree.add(wake);
    return () => this.#onFree.delete(wake);
  }
}
