import type { InboxStore } from "./inbox.ts";

/**
 * The claims that handlers of this process hold in one store, of all workers and connections. Asked before the store: the store
 * only sees that a lease has expired, and a blocked event loop renews no lease, but a handler that still runs here keeps its claim.
 */
export class LivingClaims {
  static readonly #ofStores = new WeakMap<InboxStore, LivingClaims>();
  /** By subscription and id: whom to call when the holder ends. */
  readonly #waiting = new Map<string, Set<() => void>>();

  static of(store: InboxStore): LivingClaims {
    const known = LivingClaims.#ofStores.get(store);
    if (known !== undefined) return known;
    const claims = new LivingClaims();
    LivingClaims.#ofStores.set(store, claims);
    return claims;
  }

  /** Returns false when a handler of this process holds the claim, or is asking the store for it. */
  take(key: string): boolean {
    if (this.#waiting.has(key)) return false;
    this.#waiting.set(key, new Set());
    return true;
  }

  /** The holder has ended: calls everybody who waits. */
  end(key: string): void {
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    for (const wake of waiting ?? []) wake();
  }

  /** Calls `wake` when the holder in this process ends. Returns a function that ends the waiting, `undefined` when there is no holder. */
  wait(key: string, wake: () => void): (() => void) | undefined {
    const waiting = this.#waiting.get(key);
    waiting?.add(wake);
    return waiting === undefined ? undefined : () => void waiting.delete(wake);
  }
}
