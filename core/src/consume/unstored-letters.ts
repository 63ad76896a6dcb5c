import type { Failure } from "../dead-letters/dead-letter-record.ts";
import type { DriverDelivery } from "../driver.ts";
import { boundedId } from "../contract/received.ts";

/** Beyond this the oldest are forgotten, and the handler of one runs again. */
const MAX_REMEMBERED = 1000;

/**
 * Why messages were dead-lettered whose letters could not be stored. Each comes again, and its handler has had its say:
 * it must not run once more, only the letter is tried again. Bounded; the oldest are forgotten.
 */
export class UnstoredLetters {
  readonly #known = new Map<string, { readonly attempt: number; readonly failure: Failure }>();

  get any(): boolean {
    return this.#known.size > 0;
  }

  note(delivery: DriverDelivery, failure: Failure): void {
    const key = keyOf(delivery);
    this.#known.delete(key);
    this.#known.set(key, { attempt: delivery.attempt, failure });
    if (this.#known.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#known.keys()) return void this.#known.delete(oldest);
  }

  /** Undefined for a message that is not known, and for one that was released from the dead letters since: it counts from 1. */
  take(delivery: DriverDelivery): Failure | undefined {
    const key = keyOf(delivery);
    const known = this.#known.get(key);
    if (known === undefined) return undefined;
    this.#known.delete(key);
    return delivery.attempt > known.attempt ? known.failure : undefined;
  }
}

/** Not the id alone: one that was published twice is two messages. */
function keyOf({ id, publishTimeMs }: DriverDelivery): string {
  return `${publishTimeMs} ${boundedId(id)}`;
}
