import { subscriptionPath } from "../declare/subscription.ts";
import type { InFlight } from "./in-flight.ts";
import { retryDelayMs, steppedDelayMs } from "../declare/retry-policy.ts";
import { RememberedMessages } from "./remembered-messages.ts";
import type { WorkerOptions } from "./worker-options.ts";

const MAX_REMEMBERED = 10_000;
/** The shortest pause before a letter that could not be stored is tried again, so that this does not loop. */
const MIN_DELAY_AFTER_FAILED_LETTER_MS = 1000;

/** When a message is retried, and whether the broker or core delays it (C14). */
export class RetrySchedule {
  readonly #options: WorkerOptions;
  /**
   * When the retries of this worker are due, by the monotonic clock. A broker that was killed may redeliver earlier: nats-server
   * stores a delay in whole seconds, and after a restart a retry came up to 2.2 s early (2.9.10, 2026-11-26).
   */
  readonly #dueMs = new RememberedMessages<number>(MAX_REMEMBERED);

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** The delay, in ms, that the broker can keep: `askedMs`, or the delay of the retry policy when that is undefined. */
  delayMs(item: InFlight, askedMs: number | undefined): number {
    const { subscription, random, logger, capabilities } = this.#options;
    const { nackDelay } = capabilities;
    if (askedMs === undefined) return retryDelayMs(subscription.retryPolicy, item.attempt, random, nackDelay);
    if (askedMs > nackDelay.maxMs) {
      const fields = { subscription: subscriptionPath(subscription), delayMs: askedMs, maxMs: nackDelay.maxMs };
      logger.warn(fields, "RetryAfter asks for more than this adapter's longest delay, which is used instead");
    }
    return steppedDelayMs(askedMs, nackDelay);
  }

  /** The delay, in ms, after a letter that could not be stored. */
  delayAfterFailedLetterMs(item: InFlight): number {
    const { nackDelay } = this.#options.capabilities;
    return steppedDelayMs(Math.max(this.delayMs(item, undefined), MIN_DELAY_AFTER_FAILED_LETTER_MS), nackDelay);
  }

  /** Whether core, not the broker, holds the other messages of the key until this one is redelivered and due. */
  isHeldByCore(item: InFlight): boolean {
    const { subscription, capabilities } = this.#options;
    return (
      capabilities.orderedRetry === "core" &&
      item.orderingKey !== undefined &&
      subscription.topic.orderingKey !== undefined
    );
  }

  /** The broker is asked to redeliver the message after `delayMs`. */
  note(item: InFlight, delayMs: number): void {
    this.#dueMs.set(item, this.#options.clock.monotonicNow() + delayMs);
  }

  /** How much too early a retry was redelivered, in ms; 0 for one that is due or not known. Called once for each delivery. */
  earlyByMs(item: InFlight): number {
    const dueMs = this.#dueMs.take(item);
    return dueMs === undefined ? 0 : Math.max(0, dueMs - this.#options.clock.monotonicNow());
  }
}
