import type { DriverDelivery } from "../driver.ts";
import { boundedId } from "../contract/received.ts";

/** Beyond this the oldest are forgotten, and a redelivery of one runs again. Each takes some 100 bytes. */
const MAX_REMEMBERED = 10_000;

/**
 * Deliveries whose handler succeeded here although their lease had ended, or although the broker did not take the
 * acknowledgement: when such a message comes again, it is acknowledged and not run again (C35). Only those: what is
 * acknowledged in time costs nothing.
 */
export class LateSuccesses {
  readonly #byId = new Map<string, Pick<DriverDelivery, "attempt" | "publishTimeMs">>();

  get size(): number {
    return this.#byId.size;
  }

  add({ id: received, attempt, publishTimeMs }: DriverDelivery): void {
    const id = boundedId(received);
    this.#byId.delete(id);
    this.#byId.set(id, { attempt, publishTimeMs });
    const [oldest] = this.#byId.size > MAX_REMEMBERED ? this.#byId.keys() : [];
    if (oldest !== undefined) this.#byId.delete(oldest);
  }

  /** Only a later attempt of the same publish: a redriven letter is counted from 1, and is meant to run. */
  has({ id, attempt, publishTimeMs }: DriverDelivery): boolean {
    const known = this.#byId.get(boundedId(id));
    return known !== undefined && known.publishTimeMs === publishTimeMs && attempt > known.attempt;
  }
}
