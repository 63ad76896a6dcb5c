/** Of all keys the longest time, in ms. */
export interface Pauses {
  readonly orderedMs: number;
  readonly unorderedMs: number;
}

/** For how long a key stood still. */
export class LongestPause {
  readonly #movedAtMs = new Map<string, number>();
  #orderedMs = 0;
  #unorderedMs = 0;

  moved(key: string): void {
    const nowMs = performance.now();
    const pauseMs = nowMs - (this.#movedAtMs.get(key) ?? nowMs);
    this.#movedAtMs.set(key, nowMs);
    if (isOrdered(key)) this.#orderedMs = Math.max(this.#orderedMs, pauseMs);
    else this.#unorderedMs = Math.max(this.#unorderedMs, pauseMs);
  }

  /** Since the last call. */
  take(): Pauses {
    const pauses = { orderedMs: Math.round(this.#orderedMs), unorderedMs: Math.round(this.#unorderedMs) };
    this.#orderedMs = 0;
    this.#unorderedMs = 0;
    return pauses;
  }
}

export function isOrdered(key: string): boolean {
  return key.startsWith("ordered");
}
