import type { SimClock } from "./sim-clock.ts";

/** Actions that run one after the other, each some time after it was added. */
export type SimQueue = (action: () => void) => void;

/** Time and chance of one simulated run, and the server's process, which can be stopped and continued. */
export class SimWorld {
  readonly clock: SimClock;
  readonly random: () => number;
  #frozenUntilMs = 0;

  constructor(clock: SimClock, random: () => number) {
    this.clock = clock;
    this.random = random;
  }

  get now(): number {
    return this.clock.monotonicNow();
  }

  get isFrozen(): boolean {
    return this.now < this.#frozenUntilMs;
  }

  between(min: number, max: number): number {
    return min + this.random() * (max - min);
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** SIGSTOP and, `forMs` later, SIGCONT. */
  freezeServer(forMs: number): void {
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, this.now + forMs);
  }

  later(delayMs: number, action: () => void): void {
    this.clock.setTimer(action, delayMs);
  }

  /** A timer of the server: one that is due while the server is stopped fires soon after it continues. */
  serverTimer(delayMs: number, action: () => void): void {
    this.later(delayMs, () => {
      if (this.isFrozen) this.serverTimer(this.#frozenUntilMs - this.now + this.between(0, 4), action);
      else action();
    });
  }

  /** One goroutine of the server. Several of them run in no particular order, above all after a stop. */
  serverQueue(maxDelayMs: number): SimQueue {
    return this.#queue(maxDelayMs, true);
  }

  /** One direction of a line. */
  lineQueue(maxDelayMs: number): SimQueue {
    return this.#queue(maxDelayMs, false);
  }

  #queue(maxDelayMs: number, ofServer: boolean): SimQueue {
    const waiting: (() => void)[] = [];
    let armed = false;
    const arm = (): void => {
      if (armed || waiting.length === 0) return;
      armed = true;
      const run = (): void => {
        armed = false;
        // Messages that arrive together are mostly handled together.
        const count = this.chance(0.7) ? waiting.length : 1;
        for (const action of waiting.splice(0, count)) action();
        arm();
      };
      const delayMs = this.between(0.02, maxDelayMs);
      if (ofServer) this.serverTimer(delayMs, run);
      else this.later(delayMs, run);
    };
    return (action) => {
      waiting.push(action);
      arm();
    };
  }
}
