import { systemClock, type Clock } from "@anytopic/core";

/** A broker's time, which is not Unix time: whole milliseconds since it was created. V8 keeps such small numbers inside objects. */
export class BrokerTime {
  readonly clock: Clock;
  readonly #originMs: number;
  /** Delays are lengthened by this: 10 whole milliseconds may be 9.1. Other clocks are moved by whole milliseconds. */
  readonly resolutionMs: number;

  constructor(clock: Clock) {
    this.clock = clock;
    this.#originMs = clock.monotonicNow();
    this.resolutionMs = clock === systemClock ? 1 : 0;
  }

  now(): number {
    return Math.floor(this.clock.monotonicNow() - this.#originMs);
  }
}

/** One timer for many due times. It is set for the earliest; a later one does not set it again. */
export class Alarm {
  readonly #time: BrokerTime;
  readonly #ring: (nowMs: number, lateMs: number) => void;
  #timer: unknown;
  #dueMs: number = Number.POSITIVE_INFINITY;

  constructor(time: BrokerTime, ring: (nowMs: number, lateMs: number) => void) {
    this.#time = time;
    this.#ring = ring;
  }

  /** Rings at `dueMs`, in the broker's time, or earlier. */
  by(dueMs: number): void {
    if (dueMs >= this.#dueMs) return;
    this.cancel();
    this.#dueMs = dueMs;
    this.#timer = this.#time.clock.setTimer(() => {
      const lateMs = this.#time.now() - this.#dueMs;
      this.#timer = undefined;
      this.#dueMs = Number.POSITIVE_INFINITY;
      this.#ring(this.#time.now(), lateMs);
    }, dueMs - this.#time.now());
  }

  cancel(): void {
    if (this.#timer === undefined) return;
    this.#time.clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
  }
}
