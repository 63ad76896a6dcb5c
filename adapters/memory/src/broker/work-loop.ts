import { Deque } from "@anytopic/core/driver";
import type { BrokerTime } from "./broker-time.ts";

/** A part of the broker that has something to do. */
export interface Work {
  /** Whether it is in the loop's queue; the loop's own. */
  queued: boolean;
  /** Does at most `most` steps and returns how many it did; as many as `most` means that there may be more. `nowMs` is the broker's time. */
  work(most: number, nowMs: number): number;
}

/** Steps without giving the event loop a turn. */
const STEPS_PER_TURN = 1024;
/** Steps of one part before the next has its go, so that a long backlog of one does not hold up the others. */
const STEPS_PER_GO = 16;
const LONGEST_TURN_MS = 5;

/**
 * Runs the broker's work: at once when it can, so that a message is handed over in the call that published it, but
 * never inside other work of the same broker (a handler that publishes, a settle inside a delivery), and not for ever:
 * after `STEPS_PER_TURN` steps or `LONGEST_TURN_MS` the rest waits for the event loop's next turn. Both are counted
 * across calls, since a chain of promises can keep one turn alive without end; so a turn is given now and then that
 * nobody needed, which costs a microsecond.
 */
export class WorkLoop {
  readonly time: BrokerTime;
  readonly #parts = new Deque<Work>();
  #running = false;
  #deferred = false;
  #stepsLeft = STEPS_PER_TURN;
  #stepsToClockCheck = STEPS_PER_GO;
  #turnStartedMs: number;

  constructor(time: BrokerTime) {
    this.time = time;
    this.#turnStartedMs = time.now();
  }

  add(part: Work): void {
    if (!part.queued) {
      part.queued = true;
      this.#parts.push(part);
    }
    if (!this.#running && !this.#deferred) this.#run();
  }

  #run(): void {
    this.#running = true;
    try {
      this.#runParts();
    } finally {
      this.#running = false;
    }
  }

  #runParts(): void {
    // Read once for a few steps: reading the clock costs as much as a step.
    let nowMs = this.time.now();
    for (let part = this.#parts.shift(); part !== undefined; part = this.#parts.shift()) {
      part.queued = false;
      const steps = part.work(STEPS_PER_GO, nowMs);
      if (steps >= STEPS_PER_GO && !part.queued) {
        part.queued = true;
        this.#parts.push(part);
      }
      let turnIsOver = (this.#stepsLeft -= steps) <= 0;
      if ((this.#stepsToClockCheck -= steps) <= 0) {
        this.#stepsToClockCheck = STEPS_PER_GO;
        nowMs = this.time.now();
        turnIsOver ||= nowMs - this.#turnStartedMs > LONGEST_TURN_MS;
      }
      if (turnIsOver) {
        this.#deferred = true;
        setImmediate(this.#nextTurn);
        return;
      }
    }
  }

  readonly #nextTurn = (): void => {
    this.#deferred = false;
    this.#stepsLeft = STEPS_PER_TURN;
    this.#stepsToClockCheck = STEPS_PER_GO;
    this.#turnStartedMs = this.time.now();
    this.#run();
  };
}
