import type { Clock, TimerHandle } from "@anytopic/core/driver";

interface SimTimer {
  readonly dueMs: number;
  readonly order: number;
  callback: (() => void) | undefined;
}

/**
 * Virtual time for simulations with many thousand events. Between two events only promises settle, which takes one turn of
 * the event loop. Nothing that runs on it may wait for real time.
 */
export class SimClock implements Clock {
  #nowMs = 1_800_000_000_000;
  #made = 0;
  /** A binary heap: due time, then order of setting. */
  readonly #heap: SimTimer[] = [];

  now(): number {
    return this.#nowMs;
  }

  monotonicNow(): number {
    return this.#nowMs;
  }

  setTimer(callback: () => void, delayMs: number): TimerHandle {
    const timer: SimTimer = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#made++, callback };
    this.#heap.push(timer);
    this.#up(this.#heap.length - 1);
    return timer;
  }

  clearTimer(handle: TimerHandle): void {
    if (handle !== undefined) (handle as SimTimer).callback = undefined;
  }

  /** Runs timers until `endMs` of virtual time have passed, or `done` returns true. */
  async run(forMs: number, done: () => boolean = () => false): Promise<void> {
    const endMs = this.#nowMs + forMs;
    await nextTurn();
    for (let timer = this.#heap[0]; timer !== undefined && timer.dueMs <= endMs && !done(); timer = this.#heap[0]) {
      this.#pop();
      const { callback } = timer;
      if (callback === undefined) continue;
      this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
      timer.callback = undefined;
      callback();
      await nextTurn();
    }
    if (!done()) this.#nowMs = Math.max(this.#nowMs, endMs);
  }

  #pop(): void {
    const last = this.#heap.pop() as SimTimer;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#down();
  }

  #up(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(index, parent)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #down(): void {
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      if (left >= this.#heap.length) return;
      const child = left + 1 < this.#heap.length && this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#isBefore(child, index)) return;
      this.#swap(index, child);
      index = child;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one] as SimTimer, this.#heap[other] as SimTimer];
    return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
  }

  #swap(one: number, other: number): void {
    const a = this.#heap[one] as SimTimer;
    this.#heap[one] = this.#heap[other] as SimTimer;
    this.#heap[other] = a;
  }
}

async function nextTurn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}

/** A small seeded generator (mulberry32), uniform in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
