import type { InFlight } from "./in-flight.ts";
import { RememberedMessages } from "./remembered-messages.ts";

/** Above this number the oldest are forgotten, and their redeliveries run again. Each takes about 100 bytes. */
const MAX_REMEMBERED = 10_000;

interface Known {
  /** The one that succeeded. */
  readonly attempt: number;
  /** The last one of the letter that was redriven since. */
  redrivenAttempt: number | undefined;
}

/**
 * Messages whose handler succeeded here after their lease had expired, or whose acknowledgement the broker did not accept. When such
 * a message is redelivered, it is acknowledged and does not run again (C35). A message that is acknowledged in time costs nothing.
 */
export class LateSuccesses {
  readonly #known = new RememberedMessages<Known>(MAX_REMEMBERED);

  add(item: InFlight): void {
    this.#known.set(item, { attempt: item.attempt, redrivenAttempt: undefined });
  }

  /** The subscription was put to another position: what comes again must run. */
  clear(): void {
    this.#known.clear();
  }

  /** True only for a later attempt: a redriven letter has attempt 1 again, and must run, and so must its retries. */
  has(item: InFlight): boolean {
    const known = this.#known.any ? this.#known.get(item) : undefined;
    if (known === undefined) return false;
    const isRetryOfRedriven = known.redrivenAttempt !== undefined && item.attempt === known.redrivenAttempt + 1;
    if (item.attempt > known.attempt && !isRetryOfRedriven) return true;
    known.redrivenAttempt = item.attempt;
    return false;
  }
}
