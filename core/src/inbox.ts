/**
 * Remembers which messages a subscription has completed, so that a redelivery is not handled again: what makes
 * exactly-once hold where the broker cannot, and across crashes between effect and acknowledgement when the store
 * shares the effect's transaction. Marks are set *after* success: a failed attempt runs again.
 *
 * All methods may be called concurrently and by several processes. `subscription` is `topic/subscription`.
 */
export interface InboxStore {
  /**
   * Claims the right to handle a message for `leaseMs`. `"claimed"`: handle it. `"completed"`: it was handled, just
   * acknowledge. `"busy"`: somebody else holds an unexpired claim, come back later. Must be atomic.
   */
  claim(subscription: string, id: string, leaseMs: number): Promise<"claimed" | "completed" | "busy">;
  /** Renews a claim for `leaseMs` from now. Called about every third of it while a handler runs. */
  extend(subscription: string, id: string, leaseMs: number): Promise<void>;
  /** Marks a claimed message as handled for at least `retainMs`. */
  complete(subscription: string, id: string, retainMs: number): Promise<void>;
  /** Gives a claim back after a failure. */
  abandon(subscription: string, id: string): Promise<void>;
}
