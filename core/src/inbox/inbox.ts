/** What `InboxStore.claim` answers. */
export type InboxClaim =
  /** Handle it. `token` belongs to this claim alone, and no other claim of any message ever had it. */
  | { readonly state: "claimed"; readonly token: string }
  /** `"completed"`: it was handled, just acknowledge. `"busy"`: somebody else holds a claim that has not lapsed. */
  | { readonly state: "completed" | "busy" };

/**
 * Remembers which messages a subscription has completed, so that a redelivery is not handled again: what makes
 * exactly-once hold where the broker cannot, and across crashes between effect and acknowledgement when the store
 * shares the effect's transaction. Marks are set *after* success: a failed attempt runs again.
 *
 * All methods may be called concurrently and by several processes. `subscription` is `topic/subscription`.
 * `checkInboxStore` of `@anytopic/conformance` tests a store. What every store promises:
 *
 * 1. **One winner.** `claim` is atomic: of any number of calls at the same time, one is told `"claimed"`.
 * 2. **A claim belongs to its token.** `extend`, `complete` and `abandon` act on the claim with that token or on nothing,
 *    and say which: `true` when the token held. A wrong, old or unknown token is no error.
 * 3. **A claim ends** by `complete`, by `abandon`, or when its lease has passed *and* somebody else claims. Until another
 *    has taken it, a lapsed claim still belongs to its token: it can be completed, and renewed.
 * 4. **A mark stays.** After `complete`, `claim` answers `"completed"` for at least `retainMs`. No `extend` or `abandon`,
 *    however late, and with whatever token, changes the mark.
 * 5. **`complete` may be repeated.** The answer of the first call may have been lost: the same token is told `true` again
 *    for as long as the mark stays.
 * 6. **One clock.** Leases are measured by the store's own clock (the database's), never by the clocks of its clients.
 *
 * A method that rejects has an unknown outcome. Core tries `complete` again, and lets a claim lapse that it knows no
 * token of.
 */
export interface InboxStore {
  /** Claims the right to handle a message for `leaseMs`. */
  claim(subscription: string, id: string, leaseMs: number): Promise<InboxClaim>;
  /** Renews a claim for `leaseMs` from now. Called about every third of it for as long as the handler runs. */
  extend(subscription: string, id: string, token: string, leaseMs: number): Promise<boolean>;
  /** Marks a claimed message as handled for at least `retainMs`. `false`: another has taken the claim, nothing is marked. */
  complete(subscription: string, id: string, token: string, retainMs: number): Promise<boolean>;
  /** Gives a claim back: the message can be claimed again at once. */
  abandon(subscription: string, id: string, token: string): Promise<boolean>;
}
