import type { GcpDelivery } from "../delivery.ts";

interface Hold {
  /** Deliveries of the key with core, in order. */
  readonly unsettled: GcpDelivery[];
  /** Released by core, in order. */
  readonly released: GcpDelivery[];
}

/**
 * The ordering keys of the deliveries that a worker holds. What core releases goes to the service only when core has no
 * delivery of the key. Otherwise another worker could start a successor while its predecessor still runs.
 */
export class KeyHolds {
  readonly #holds = new Map<string, Hold>();

  add(key: string, delivery: GcpDelivery): void {
    const hold = this.#holds.get(key);
    if (hold === undefined) this.#holds.set(key, { unsettled: [delivery], released: [] });
    else hold.unsettled.push(delivery);
  }

  /** `next` takes the place of a delivery of the same message. */
  replace(key: string, delivery: GcpDelivery, next: GcpDelivery): void {
    const unsettled = this.#holds.get(key)?.unsettled;
    const index = unsettled?.indexOf(delivery) ?? -1;
    if (index >= 0) (unsettled as GcpDelivery[])[index] = next;
  }

  /** The deliveries with core that wait for this one. */
  behind(key: string, delivery: GcpDelivery): readonly GcpDelivery[] {
    const unsettled = this.#holds.get(key)?.unsettled ?? [];
    const index = unsettled.indexOf(delivery);
    return index < 0 ? [] : unsettled.slice(index + 1);
  }

  /** Whether the worker holds exactly one delivery of the key. */
  isSingle(key: string): boolean {
    const hold = this.#holds.get(key);
    return hold !== undefined && hold.unsettled.length === 1 && hold.released.length === 0;
  }

  release(key: string, delivery: GcpDelivery): void {
    this.#holds.get(key)?.released.push(delivery);
  }

  /** This one is no longer with core. Returns the deliveries that may go to the service now. */
  settled(key: string, delivery: GcpDelivery): readonly GcpDelivery[] {
    const hold = this.#holds.get(key);
    const index = hold?.unsettled.indexOf(delivery) ?? -1;
    if (hold === undefined || index < 0) return [];
    hold.unsettled.splice(index, 1);
    if (hold.unsettled.length > 0) return [];
    this.#holds.delete(key);
    return hold.released;
  }

  /** All released deliveries, in order per key. */
  *released(): Iterable<GcpDelivery> {
    for (const hold of this.#holds.values()) yield* hold.released;
  }

  clear(): void {
    this.#holds.clear();
  }
}
