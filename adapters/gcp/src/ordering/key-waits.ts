import type { Clock } from "@anytopic/core/driver";

interface Wait {
  readonly messageId: string;
  /** By the monotonic clock. */
  readonly untilMs: number;
}

/**
 * Ordering keys of which a failed message waits at the service, one message each. The service keeps such a key closed as
 * long as the message is outstanding; this only makes sure, for this worker, that nothing of the key overtakes it here.
 */
export class KeyWaits {
  readonly #clock: Clock;
  readonly #waits = new Map<string, Wait>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(key: string, messageId: string, untilMs: number): void {
    const nowMs = this.#clock.monotonicNow();
    // Those that went to another worker are never asked for again.
    for (const [other, wait] of this.#waits) {
      if (wait.untilMs > nowMs) break;
      this.#waits.delete(other);
    }
    this.#waits.set(key, { messageId, untilMs });
  }

  /** How long this message is too early, in ms; 0 when nothing of its key waits, or when it is what waited. */
  earlyByMs(key: string, messageId: string): number {
    const wait = this.#waits.get(key);
    if (wait === undefined) return 0;
    const earlyMs = wait.messageId === messageId ? 0 : wait.untilMs - this.#clock.monotonicNow();
    if (earlyMs > 0) return earlyMs;
    this.#waits.delete(key);
    return 0;
  }
}
