import type { Percentiles } from "../api/subscription-detail.ts";

const SLOT_MS = 60_000;
/** The last 5 minutes. */
const SLOTS = 5;
/** Each bucket is so much longer than the one before. A value is known within half of that. */
const STEP = 2 ** 0.25;
const FIRST_MS = 0.1;
/** 0.1 ms to 6 days. */
const BUCKETS = 128;

/** How long something took, over the last 5 minutes. Its size does not depend on how much is measured. */
export class SlidingHistogram {
  readonly #counts = new Uint32Array(SLOTS * BUCKETS);
  #newest = Number.NEGATIVE_INFINITY;

  add(durationMs: number, nowMs: number): void {
    this.#advance(nowMs);
    const bucket = durationMs <= FIRST_MS ? 0 : Math.ceil(Math.log(durationMs / FIRST_MS) / Math.log(STEP));
    const place = (this.#newest % SLOTS) * BUCKETS + Math.min(bucket, BUCKETS - 1);
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
  }

  /** `undefined` when nothing was measured. */
  percentiles(nowMs: number): Percentiles | undefined {
    this.#advance(nowMs);
    const sums = Array.from({ length: BUCKETS }, (_, bucket) => this.#sum(bucket));
    const count = sums.reduce((sum, one) => sum + one, 0);
    if (count === 0) return undefined;
    return { p50: valueAt(sums, count * 0.5), p95: valueAt(sums, count * 0.95), count };
  }

  #sum(bucket: number): number {
    let sum = 0;
    for (let slot = 0; slot < SLOTS; slot += 1) sum += this.#counts[slot * BUCKETS + bucket] ?? 0;
    return sum;
  }

  #advance(nowMs: number): void {
    const now = Math.floor(nowMs / SLOT_MS);
    for (let slot = Math.max(this.#newest + 1, now - SLOTS + 1); slot <= now; slot += 1) {
      const start = (slot % SLOTS) * BUCKETS;
      this.#counts.fill(0, start, start + BUCKETS);
    }
    this.#newest = Math.max(this.#newest, now);
  }
}

/** The middle of the bucket in which the value is. */
function valueAt(sums: readonly number[], rank: number): number {
  let seen = 0;
  const bucket = sums.findIndex((count) => (seen += count) >= rank);
  return bucket <= 0 ? FIRST_MS : FIRST_MS * STEP ** (bucket - 0.5);
}
