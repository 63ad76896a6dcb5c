import type { InFlight } from "./in-flight.ts";
import { RememberedMessages } from "./remembered-messages.ts";

const MAX_REMEMBERED = 10_000;

/**
 * When the retries that this worker asked for are due, by the monotonic clock. A broker that was killed may bring them
 * back sooner: nats-server keeps whole seconds of a delay, and after a restart a retry came up to 2.2 s early (2.9.10,
 * 2026-11-26).
 */
export class RetryTimes {
  readonly #dueMs = new RememberedMessages<number>(MAX_REMEMBERED);

  note(item: InFlight, dueMs: number): void {
    this.#dueMs.set(item, dueMs);
  }

  /** How much too early a message comes, in ms; 0 for one that is due or not known. Forgets it. */
  takeEarlyMs(item: InFlight, nowMs: number): number {
    const dueMs = this.#dueMs.take(item);
    return dueMs === undefined ? 0 : Math.max(0, dueMs - nowMs);
  }
}
