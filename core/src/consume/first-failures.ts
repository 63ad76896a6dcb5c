import type { InFlight } from "./in-flight.ts";
import { RememberedMessages } from "./remembered-messages.ts";

const MAX_REMEMBERED = 10_000;

/** When messages that are being retried failed first, as far as this worker saw it. */
export class FirstFailures {
  readonly #atMs = new RememberedMessages<number>(MAX_REMEMBERED);

  /** Notes a failure and returns when the first one was, or undefined when that happened elsewhere. */
  note(item: InFlight, nowMs: number): number | undefined {
    const known = this.#atMs.get(item);
    if (known !== undefined || item.attempt > 1) return known;
    this.#atMs.set(item, nowMs);
    return nowMs;
  }

  forget(item: InFlight): void {
    if (this.#atMs.any) this.#atMs.take(item);
  }
}
