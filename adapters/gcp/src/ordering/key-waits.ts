import type { Clock } from "@anytopic/core/driver";

interface Wait {
  readonly messageId: string;
  /** By the monotonic clock. */
  readonly untilMs: number;
}

/**
 * Ordering keys with a failed message that waits at the service, one message per key. The service blocks such a key as long
 * as the message is outstanding. This only makes sure that no message of the key overtakes it in this worker.
 */
export class KeyWaits {
  readonly #clock: Clock;
  readonly #waits = new Map<string, Wait>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(key: string, messageId: string, untilMs: number): void {
    const nowMs = this.#clock.monotonicNow();
    // `earlyByMs` is never called for messages that went to another worker.
    for (const [other, wait] of this.#waits) {
      if (wait.untilMs > nowMs) break;
      this.#waits.delete(other);
    }
    this.#waits.set(key, { messageId, untilMs });
  }

  /** By how many ms this message is too early. 0 when no message of its key waits, or when this is the one that waited. */
  earlyByMs(key: string, messageId: string): number {
    const wait = this.#waits.get(key);
    if (wait === undefined) return 0;
    const earlyMs = wait.messageId === messageId ? 0 : wait.untilMs - this.#clock.monotonicNow();
    if (earlyMs > 0) return earlyMs;
    this.#waits.delete(key);
    return 0;
  }
}
