import type { Clock } from "@anytopic/core";

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** A clock of a process that can be held up: while it is, time passes and no timer fires. */
export class BlockableClock implements Clock {
  #nowMs = 1_000_000;
  readonly #timers: Timer[] = [];

  now = (): number => this.#nowMs;
  monotonicNow = (): number => this.#nowMs;

  setTimer(callback: () => void, delayMs: number): unknown {
    const timer = { dueMs: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return timer;
  }

  clearTimer(handle: unknown): void {
    const index = this.#timers.indexOf(handle as Timer);
    if (index >= 0) this.#timers.splice(index, 1);
  }

  block(ms: number): void {
    this.#nowMs += ms;
  }

  /** What a loop does when it is free again: timers that are due. */
  fire(): void {
    for (const timer of this.#timers.filter(({ dueMs }) => dueMs <= this.#nowMs)) {
      this.clearTimer(timer);
      timer.callback();
    }
  }
}
