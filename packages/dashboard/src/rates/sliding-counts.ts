/** The length of one bucket, in ms. */
export const BUCKET_MS = 10_000;
/** 15 minutes. */
export const BUCKETS = 90;
/** A rate is that of the last minute and the bucket that is being filled. */
const RATE_BUCKETS = 6;

/** Counts of several kinds over the last 15 minutes, in buckets of 10 s. Its size does not depend on how much is counted. */
export class SlidingCounts<Kind extends string> {
  readonly #kinds: readonly Kind[];
  readonly #startedMs: number;
  readonly #counts: Uint32Array;
  /** The number of the newest bucket, counted from the start of the clock. */
  #newest: number;

  constructor(kinds: readonly Kind[], nowMs: number) {
    this.#kinds = kinds;
    this.#startedMs = nowMs;
    this.#newest = Math.floor(nowMs / BUCKET_MS);
    this.#counts = new Uint32Array(kinds.length * BUCKETS);
  }

  add(kind: Kind, nowMs: number): void {
    this.#advance(nowMs);
    const place = this.#place(kind, this.#newest);
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
  }

  total(kind: Kind, nowMs: number): number {
    return this.series([kind], nowMs).reduce((sum, count) => sum + count, 0);
  }

  /** The kinds together, in each bucket, the oldest first. */
  series(kinds: readonly Kind[], nowMs: number): readonly number[] {
    this.#advance(nowMs);
    return Array.from({ length: BUCKETS }, (_, index) => this.#in(kinds, this.#newest - BUCKETS + 1 + index));
  }

  perMinute(kinds: readonly Kind[], nowMs: number): number {
    this.#advance(nowMs);
    let count = 0;
    for (let back = 0; back <= RATE_BUCKETS; back += 1) count += this.#in(kinds, this.#newest - back);
    const firstMs = Math.max(this.#startedMs, (this.#newest - RATE_BUCKETS) * BUCKET_MS);
    // After less than a bucket, one event would be many a minute.
    return (count * 60_000) / Math.max(BUCKET_MS, nowMs - firstMs);
  }

  #in(kinds: readonly Kind[], bucket: number): number {
    return kinds.reduce((sum, kind) => sum + (this.#counts[this.#place(kind, bucket)] ?? 0), 0);
  }

  #place(kind: Kind, bucket: number): number {
    // In a young process the buckets of the last 15 minutes begin before 0.
    return this.#kinds.indexOf(kind) * BUCKETS + ((bucket + BUCKETS) % BUCKETS);
  }

  /** Empties the buckets that are used again. */
  #advance(nowMs: number): void {
    const now = Math.floor(nowMs / BUCKET_MS);
    const first = Math.max(this.#newest + 1, now - BUCKETS + 1);
    for (let bucket = first; bucket <= now; bucket += 1) {
      for (const kind of this.#kinds) this.#counts[this.#place(kind, bucket)] = 0;
    }
    this.#newest = Math.max(this.#newest, now);
  }
}
