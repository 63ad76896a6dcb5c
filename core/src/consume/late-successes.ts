import type { InFlight } from "./in-flight.ts";
import { RememberedMessages } from "./remembered-messages.ts";

/** Above this number the oldest are forgotten, and their redeliveries run again. Each takes about 100 bytes. */
const MAX_REMEMBERED = 10_000;

/**
 * Messages whose handler succeeded here after their lease had expired, or whose acknowledgement the broker did not accept. When such
 * a message is redelivered, it is acknowledged and does not run again (C35). A message that is acknowledged in time costs nothing.
 */
export class LateSuccesses {
  readonly #attempts = new RememberedMessages<number>(MAX_REMEMBERED);

  add(item: InFlight): void {
    this.#attempts.set(item, item.attempt);
  }

  /** The subscription was put to another position: what comes again must run. */
  clear(): void {
    this.#attempts.clear();
  }

  /** True only for a later attempt: a redriven letter has attempt 1 again, and must run. What was remembered is then forgotten, so that its retries run too. */
  has(item: InFlight): boolean {
    const attempt = this.#attempts.any ? this.#attempts.get(item) : undefined;
    if (attempt === undefined) return false;
    if (item.attempt > attempt) return true;
    this.#attempts.take(item);
    return false;
  }
}
