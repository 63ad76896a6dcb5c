import type { InboxStore } from "./inbox.ts";

/**
 * The claims that handlers of this process hold in one store, over all workers and connections. Who wants the same
 * message asks here first: a store can only see that a lease has passed, and a blocked event loop renews none, but a
 * handler that still runs here keeps its claim.
 */
export class LivingClaims {
  static readonly #ofStores = new WeakMap<InboxStore, LivingClaims>();
  /** By subscription and id: who waits for the holder's end. */
  readonly #waiting = new Map<string, Set<() => void>>();

  static of(store: InboxStore): LivingClaims {
    const known = LivingClaims.#ofStores.get(store);
    if (known !== undefined) return known;
    const claims = new LivingClaims();
    LivingClaims.#ofStores.set(store, claims);
    return claims;
  }

  /** Returns false when a handler of this process holds it, or asks the store for it just now. */
  take(key: string): boolean {
    if (this.#waiting.has(key)) return false;
    this.#waiting.set(key, new Set());
    return true;
  }

  /** The holder has ended: those who wait are woken. */
  end(key: string): void {
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    for (const wake of waiting ?? []) wake();
  }

  /** Calls `wake` when the holder in this process ends; returns the way to wait no longer, `undefined` when there is no holder. */
  wait(key: string, wake: () => void): (() => void) | undefined {
    const waiting = this.#waiting.get(key);
    waiting?.add(wake);
    return waiting === undefined ? undefined : () => void waiting.delete(wake);
  }
}
