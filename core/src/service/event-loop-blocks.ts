import { type Clock, systemClock } from "../base/clock.ts";

/** How often the event loop has to show that it turns, in ms. */
const STEP_MS = 1000;

/**
 * Notices when the event loop was blocked, by a timer of its own that comes late. A process that is blocked cannot answer a probe, so
 * this is for the answer afterwards: a process that is blocked again and again answers some of them. Not `monitorEventLoopDelay`: that
 * gives the longest delay since it was started, not the last one.
 */
export class EventLoopBlocks {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #isOver: () => boolean;
  #tickedMs: number;
  #blocked: { readonly forMs: number; readonly endedMs: number } | undefined;

  /** @param isOver asked at every step: after it was true, no timer is left */
  constructor(limitMs: number, isOver: () => boolean, clock: Clock = systemClock) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#isOver = isOver;
    this.#tickedMs = clock.monotonicNow();
    this.#next();
  }

  /** How long the last block took that was longer than the limit, in ms; 0 when the limit has passed since its end. */
  get lastMs(): number {
    // The answer to a probe may come before the late timer.
    this.#look();
    const nowMs = this.#clock.monotonicNow();
    if (this.#blocked !== undefined && nowMs - this.#blocked.endedMs > this.#limitMs) this.#blocked = undefined;
    return this.#blocked?.forMs ?? 0;
  }

  #look(): void {
    const nowMs = this.#clock.monotonicNow();
    const lateMs = Math.round(nowMs - this.#tickedMs - STEP_MS);
    if (lateMs <= this.#limitMs) return;
    this.#blocked = { forMs: lateMs, endedMs: nowMs };
    this.#tickedMs = nowMs;
  }

  /** The timer does not keep the process alive. */
  #next(): void {
    this.#clock.setTimer(() => {
      this.#look();
      this.#tickedMs = this.#clock.monotonicNow();
      if (!this.#isOver()) this.#next();
    }, STEP_MS);
  }
}
