import { Deque, inNextTurn } from "@anytopic/core/driver";
import type { BrokerTime } from "./broker-time.ts";

/** A part of the broker that may have something to do. */
export interface Work {
  /** Whether it is in the loop's queue. Only the loop changes it. */
  queued: boolean;
  /** Does at most `most` steps and returns how many it did. If it did `most`, there may be more to do. `nowMs` is the broker's time. */
  work(most: number, nowMs: number): number;
}

/** So many steps may run before the event loop gets a turn. */
const STEPS_PER_TURN = 1024;
/** So many steps of one part may run before the next part, so that a long backlog of one does not delay the others. */
const STEPS_PER_GO = 16;
const LONGEST_TURN_MS = 5;

/**
 * Runs the broker's work. It runs at once if possible, so that a message is delivered in the call that published it. It
 * never runs inside other work of the same broker: a handler may publish, and a delivery may be settled while it is
 * delivered. After `STEPS_PER_TURN` steps or `LONGEST_TURN_MS` the rest waits for the event loop's next turn. Both are
 * counted across calls, because a chain of promises can prolong a turn without end. So the loop sometimes waits for a turn
 * that nobody needs, which costs a microsecond.
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
    this.#queue(part);
    if (!this.#running && !this.#deferred) this.#run();
  }

  #run(): void {
    this.#running = true;
    try {
      // Read once for a few steps: reading the clock costs as much as a step.
      let nowMs = this.time.now();
      for (let part = this.#parts.shift(); part !== undefined; part = this.#parts.shift()) {
        part.queued = false;
        const steps = part.work(STEPS_PER_GO, nowMs);
        if (steps >= STEPS_PER_GO) this.#queue(part);
        let turnIsOver = (this.#stepsLeft -= steps) <= 0;
        if ((this.#stepsToClockCheck -= steps) <= 0) {
          this.#stepsToClockCheck = STEPS_PER_GO;
          nowMs = this.time.now();
          turnIsOver ||= nowMs - this.#turnStartedMs > LONGEST_TURN_MS;
        }
        if (turnIsOver) {
          this.#deferred = true;
          inNextTurn(this.#nextTurn);
          return;
        }
      }
    } finally {
      this.#running = false;
    }
  }

  #queue(part: Work): void {
    if (part.queued) return;
    part.queued = true;
    this.#parts.push(part);
  }

  readonly #nextTurn = (): void => {
    this.#deferred = false;
    this.#stepsLeft = STEPS_PER_TURN;
    this.#stepsToClockCheck = STEPS_PER_GO;
    this.#turnStartedMs = this.time.now();
    this.#run();
  };
}
