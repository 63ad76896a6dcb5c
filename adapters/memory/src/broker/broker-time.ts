import { systemClock, type Clock } from "@anytopic/core";

/**
 * A broker's time: whole milliseconds since it was made: small numbers, which V8 keeps inside objects, and never Unix time.
 */
export class BrokerTime {
  readonly clock: Clock;
  readonly #originMs: number;
  /** Of whole milliseconds 10 may be 9.1: delays are lengthened by this, except where somebody moves the clock by whole ones. */
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

/** One timer for many due times: armed for the earliest, set at most once while later ones come in. */
export class Alarm {
  readonly #time: BrokerTime;
  readonly #ring: (nowMs: number, lateMs: number) => void;
  #timer: unknown;
  #dueMs: number = Number.POSITIVE_INFINITY;

  constructor(time: BrokerTime, ring: (nowMs: number, lateMs: number) => void) {
    this.#time = time;
    this.#ring = ring;
  }

  /** Makes sure that it rings at `dueMs`, in the broker's time, or earlier. */
  by(dueMs: number): void {
    if (dueMs >= this.#dueMs) return;
    this.cancel();
    if (dueMs === Number.POSITIVE_INFINITY) return;
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
