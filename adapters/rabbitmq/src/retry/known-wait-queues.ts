import type { Clock } from "@anytopic/core/driver";

/** How long a wait queue that was missing counts as missing: at first, and at most, in ms. */
const MISSING_MS = 15_000;
const MAX_MISSING_MS = 600_000;

interface Missing {
  readonly untilMs: number;
  readonly forMs: number;
}

/**
 * Which wait queues do not exist, as far as one driver knows. To ask for a queue that does not exist costs a channel and a line in the
 * broker's log, and most delays are never used: so it is asked again only after longer and longer pauses. A queue that a worker of
 * this driver creates is known at once.
 */
export class KnownWaitQueues {
  readonly #clock: Clock;
  readonly #missing = new Map<string, Missing>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  mayExist(name: string): boolean {
    return this.#clock.monotonicNow() >= (this.#missing.get(name)?.untilMs ?? 0);
  }

  isMissing(name: string): void {
    const forMs = Math.min(2 * (this.#missing.get(name)?.forMs ?? MISSING_MS / 2), MAX_MISSING_MS);
    this.#missing.set(name, { untilMs: this.#clock.monotonicNow() + forMs, forMs });
  }

  exists(name: string): void {
    this.#missing.delete(name);
  }
}
