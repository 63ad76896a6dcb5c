/** How many values fell into each bucket. Values, bounds and the sum are in seconds. */
export class Histogram {
  readonly #bounds: readonly number[];
  /** Per bucket, the last one for what is above all bounds. */
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  /** @param bounds the upper ends of the buckets, ascending; a value at the bound belongs to its bucket */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  get sum(): number {
    return this.#sum;
  }

  get count(): number {
    return this.#count;
  }

  observe(seconds: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    // Most values are in the first buckets, so the search begins there.
    while (bucket < bounds.length && seconds > (bounds[bucket] as number)) bucket += 1;
    (this.#counts[bucket] as number) += 1;
    this.#sum += seconds;
    this.#count += 1;
  }

  /** Each bucket with everything that is not above its bound. */
  cumulative(): readonly { readonly le: string; readonly count: number }[] {
    let count = 0;
    return this.#counts.map((own, bucket) => {
      count += own;
      const bound = this.#bounds[bucket];
      return { le: bound === undefined ? "+Inf" : String(bound), count };
    });
  }
}
