import type { InFlight } from "./in-flight.ts";
import { RememberedMessages } from "./remembered-messages.ts";

/** Beyond this the oldest are forgotten, and a redelivery of one runs again. Each takes some 100 bytes. */
const MAX_REMEMBERED = 10_000;

/**
 * Deliveries whose handler succeeded here although their lease had ended, or although the broker did not take the
 * acknowledgement: when such a message comes again, it is acknowledged and not run again (C35). Only those: what is
 * acknowledged in time costs nothing.
 */
export class LateSuccesses {
  readonly #attempts = new RememberedMessages<number>(MAX_REMEMBERED);

  add(item: InFlight): void {
    this.#attempts.set(item, item.attempt);
  }

  /** Only a later attempt: a redriven letter is counted from 1, and is meant to run. */
  has(item: InFlight): boolean {
    const attempt = this.#attempts.any ? this.#attempts.get(item) : undefined;
    return attempt !== undefined && item.attempt > attempt;
  }
}
