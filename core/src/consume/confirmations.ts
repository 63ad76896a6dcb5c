import { subscriptionPath } from "../declare/subscription.ts";
import { PubSubError } from "../base/errors.ts";
import type { InFlight } from "./in-flight.ts";
import { itemNames, type WorkerOptions } from "./worker-options.ts";

/** The settles that were sent and are not confirmed yet. Logs and observes those that the broker did not accept. */
export class Confirmations {
  readonly #options: WorkerOptions;
  readonly #awaited = new Set<Promise<void>>();

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** Resolves when every settle so far was confirmed or failed. */
  async settled(): Promise<void> {
    while (this.#awaited.size > 0) await Promise.allSettled(this.#awaited);
  }

  /** Tracks the confirmation of a settle and returns it unchanged. */
  of(item: InFlight, confirmation: Promise<void> | undefined, succeeded = false): Promise<void> | undefined {
    if (confirmation === undefined) return undefined;
    const settled = confirmation.catch((error: unknown) => {
      if (succeeded) this.#options.lateSuccesses.add(item);
      this.#notTaken(item, error);
    });
    this.track(settled);
    return confirmation;
  }

  /** Must not reject. */
  track(work: Promise<void>): void {
    this.#awaited.add(work);
    const forget = (): unknown => this.#awaited.delete(work);
    work.then(forget, forget);
  }

  /** The message is or will be redelivered. */
  #notTaken(item: InFlight, error: unknown): void {
    const { logger, observe, clock, subscription } = this.#options;
    const known = error instanceof PubSubError ? error : undefined;
    logger.warn(
      { subscription: subscriptionPath(subscription), id: item.id, code: known?.code },
      `the broker did not accept a settle, expect a redelivery: ${known?.message}`,
    );
    observe?.({ ...itemNames(subscription, item), type: "lease-lost", error: known, atMs: clock.now() });
  }
}
