import type { MemoryDelivery } from "./delivery.ts";

/**
 * The deliveries that are out, those whose leases end first in front. Since all leases of a subscription last equally
 * long, a new or renewed one belongs at the end: no sorting.
 */
export class LeaseList {
  #oldest: MemoryDelivery | undefined;
  #newest: MemoryDelivery | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get oldest(): MemoryDelivery | undefined {
    return this.#oldest;
  }

  add(delivery: MemoryDelivery): void {
    delivery.older = this.#newest;
    delivery.newer = undefined;
    if (this.#newest === undefined) this.#oldest = delivery;
    else this.#newest.newer = delivery;
    this.#newest = delivery;
    this.#size += 1;
  }

  remove(delivery: MemoryDelivery): void {
    const { older, newer } = delivery;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    // A settled delivery that somebody keeps must not keep its neighbours.
    delivery.older = undefined;
    delivery.newer = undefined;
    this.#size -= 1;
  }

  *[Symbol.iterator](): Generator<MemoryDelivery> {
    for (let delivery = this.#oldest; delivery !== undefined;) {
      const next: MemoryDelivery | undefined = delivery.newer;
      yield delivery;
      delivery = next;
    }
  }
}
