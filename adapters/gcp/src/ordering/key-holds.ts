import type { GcpDelivery } from "../delivery.ts";

interface Hold {
  /** Deliveries of the key with core. */
  unsettled: number;
  /** Released by core, in order. */
  readonly released: GcpDelivery[];
}

/**
 * The ordering keys of the deliveries that a worker holds. What core releases goes to the service only when core has no
 * delivery of the key. Otherwise another worker could start a successor while its predecessor still runs.
 */
export class KeyHolds {
  readonly #holds = new Map<string, Hold>();

  add(key: string): void {
    const hold = this.#holds.get(key);
    if (hold === undefined) this.#holds.set(key, { unsettled: 1, released: [] });
    else hold.unsettled += 1;
  }

  /** Whether the worker holds exactly one delivery of the key. */
  isSingle(key: string): boolean {
    const hold = this.#holds.get(key);
    return hold !== undefined && hold.unsettled === 1 && hold.released.length === 0;
  }

  release(key: string, delivery: GcpDelivery): void {
    this.#holds.get(key)?.released.push(delivery);
  }

  /** Core has settled one. Returns the deliveries that may go to the service now. */
  settled(key: string): readonly GcpDelivery[] {
    const hold = this.#holds.get(key);
    if (hold === undefined) return [];
    hold.unsettled -= 1;
    if (hold.unsettled > 0) return [];
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
