import type { Failure } from "../dead-letters/dead-letter-record.ts";
import type { InFlight } from "./in-flight.ts";
import { RememberedMessages } from "./remembered-messages.ts";

/** Beyond this the oldest are forgotten, and the handler of one runs again. */
const MAX_REMEMBERED = 1000;

/**
 * Why messages were dead-lettered whose letters could not be stored. Each comes again, and its handler has had its say:
 * it must not run once more, only the letter is tried again.
 */
export class UnstoredLetters {
  readonly #known = new RememberedMessages<{ readonly attempt: number; readonly failure: Failure }>(MAX_REMEMBERED);

  note(item: InFlight, failure: Failure): void {
    this.#known.set(item, { attempt: item.attempt, failure });
  }

  /** Undefined for a message that is not known, and for one that was released from the dead letters since: it counts from 1. */
  take(item: InFlight): Failure | undefined {
    const known = this.#known.any ? this.#known.take(item) : undefined;
    return known !== undefined && item.attempt > known.attempt ? known.failure : undefined;
  }
}
