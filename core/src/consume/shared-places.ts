/** Places for handlers that several workers of one subscription share, so that together they run at most `maxConcurrency`. */
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
    // It is not known who has waited longest, so the one that was called last goes to the end.
    for (const wake of Array.from(this.#onFree)) {
      if (this.#free === 0) return;
      this.#onFree.delete(wake);
      this.#onFree.add(wake);
      wake();
    }
  }

  /** Calls `wake` when a place becomes free. Returns a function that ends this. */
  join(wake: () => void): () => void {
    this.#onFree.add(wake);
    return () => this.#onFree.delete(wake);
  }
}
