import type { GcpDelivery } from "../delivery.ts";

interface Hold {
  /** Deliveries of the key with core. */
  unsettled: number;
  /** Given back by core, in order. */
  readonly returned: GcpDelivery[];
}

/**
 * Ordering keys a worker holds messages of. What core gives back goes to the service only when nothing of its key is
 * with core any more: else another worker could start a successor while its predecessor still runs.
 */
export class KeyHolds {
  readonly #holds = new Map<string, Hold>();

  add(key: string): void {
    const hold = this.#holds.get(key);
    if (hold === undefined) this.#holds.set(key, { unsettled: 1, returned: [] });
    else hold.unsettled += 1;
  }

  /** Whether the worker holds just one delivery of the key. */
  isSingle(key: string): boolean {
    const hold = this.#holds.get(key);
    return hold !== undefined && hold.unsettled === 1 && hold.returned.length === 0;
  }

  /** Core has settled one; returns what may go back to the service now. */
  settled(key: string): readonly GcpDelivery[] {
    const hold = this.#holds.get(key);
    if (hold === undefined) return [];
    hold.unsettled -= 1;
    if (hold.unsettled > 0) return [];
    this.#holds.delete(key);
    return hold.returned;
  }

  giveBack(key: string, delivery: GcpDelivery): void {
    this.#holds.get(key)?.returned.push(delivery);
  }

  /** Everything that waits to go back, in order per key. */
  *returned(): Iterable<GcpDelivery> {
    for (const hold of this.#holds.values()) yield* hold.returned;
  }

  clear(): void {
    this.#holds.clear();
  }
}
