import { subscriptionPath } from "../declare/subscription.ts";
import { type Failure, letterOf } from "../dead-letters/dead-letter-record.ts";
import { PubSubError } from "../base/errors.ts";
import type { InFlight } from "./in-flight.ts";
import { RememberedMessages } from "./remembered-messages.ts";
import { itemNames, type WorkerOptions } from "./worker-options.ts";

/** Beyond this the oldest are forgotten, and the handler of one runs again. */
const MAX_UNSTORED = 1000;

/** Stores the letters of messages that are not retried, before their deliveries are settled, so that none is lost (C16). */
export class DeadLettering {
  readonly #options: WorkerOptions;
  /**
   * Failures whose letters could not be stored. Such a message is redelivered, and only its letter is tried again: the
   * handler must not run once more.
   */
  readonly #unstored = new RememberedMessages<{ readonly attempt: number; readonly failure: Failure }>(MAX_UNSTORED);

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** The failure of a message whose letter could not be stored before. `undefined` when the message was redriven since, and so counts from 1. */
  unstored(item: InFlight): Failure | undefined {
    const known = this.#unstored.any ? this.#unstored.take(item) : undefined;
    return known !== undefined && item.attempt > known.attempt ? known.failure : undefined;
  }

  /** `durationMs` is for the observer. Resolves when the letter is durable, or with the error when it could not be stored. Never rejects. */
  async store(item: InFlight, failure: Failure, durationMs: number | undefined): Promise<PubSubError | undefined> {
    const { letters, clock, observe, subscription } = this.#options;
    // The handler's deadline does not apply to storing the letter.
    item.deadlineMs = Number.POSITIVE_INFINITY;
    item.isStoring = true;
    try {
      await letters.store(letterOf(item.delivery, failure));
    } catch (error) {
      return this.#notStored(item, failure, error);
    } finally {
      item.isStoring = false;
    }
    const { reason, error } = failure;
    if (observe !== undefined) {
      const names = itemNames(subscription, item);
      observe({ ...names, type: "dead-letter", reason, error, durationMs, atMs: clock.now() });
    }
    return undefined;
  }

  #notStored(item: InFlight, failure: Failure, thrown: unknown): PubSubError {
    const { logger, clock, observe, subscription } = this.#options;
    this.#unstored.set(item, { attempt: item.attempt, failure });
    const error =
      thrown instanceof PubSubError ? thrown : new PubSubError("UNKNOWN", "dead-lettering failed", { cause: thrown });
    // Another worker has the message now, and tries again.
    if (item.state === "lost") return error;
    logger.error(
      { subscription: subscriptionPath(subscription), id: item.id, code: error.code },
      `dead-lettering failed, the message is kept: ${error.message}`,
    );
    observe?.({ ...itemNames(subscription, item), type: "dead-letter-failed", error, atMs: clock.now() });
    return error;
  }
}
