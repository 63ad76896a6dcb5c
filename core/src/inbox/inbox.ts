/** The answer of `InboxStore.claim`. */
export type InboxClaim =
  /** The caller may handle the message. `token` identifies this claim: no other claim, of any message, has ever had it. */
  | { readonly state: "claimed"; readonly token: string }
  /** `"completed"`: the message was handled before and is only acknowledged. `"busy"`: another handler holds a claim that has not expired. */
  | { readonly state: "completed" | "busy" };

/**
 * Keeps the ids of the messages that a subscription has handled, so that a redelivery is not handled again. It provides
 * exactly-once where the broker cannot. When the store shares the transaction of the handler's effect, this includes crashes
 * between the effect and the acknowledgement. An id is marked *after* success: a failed attempt is retried.
 *
 * All methods may be called concurrently and by several processes. `subscription` is `topic/subscription`.
 * `checkInboxStore` of `@anytopic/conformance` tests a store. Every store promises:
 *
 * 1. **One winner.** `claim` is atomic: of any number of concurrent calls, exactly one gets `"claimed"`.
 * 2. **A claim belongs to its token.** `extend`, `complete` and `abandon` change the claim with that token, or nothing. They
 *    return `true` when the token was valid. A wrong, old or unknown token is not an error.
 * 3. **A claim ends** by `complete`, by `abandon`, or when its lease has expired *and* another caller claims the message. Until
 *    then an expired claim still belongs to its token: it can be completed and renewed.
 * 4. **A mark stays.** After `complete`, `claim` returns `"completed"` for at least `retainMs`. No later `extend` or `abandon`
 *    changes the mark, with any token.
 * 5. **`complete` may be repeated**, because the result of the first call may have been lost: the same token gets `true` again
 *    while the mark exists.
 * 6. **One clock.** Leases are measured by the store's own clock (the database's), never by the clocks of its clients.
 *
 * When a method rejects, its outcome is unknown. Core calls `complete` again. A claim whose token core never received expires.
 */
export interface InboxStore {
  /** Claims the right to handle a message for `leaseMs`. */
  claim(subscription: string, id: string, leaseMs: number): Promise<InboxClaim>;
  /** Renews a claim for `leaseMs` from now. Called about every `leaseMs / 3` while the handler runs. */
  extend(subscription: string, id: string, token: string, leaseMs: number): Promise<boolean>;
  /** Marks a claimed message as handled for at least `retainMs`. `false`: another caller has the claim now, and nothing was marked. */
  complete(subscription: string, id: string, token: string, retainMs: number): Promise<boolean>;
  /**
   * `complete` in a transaction of the application, for `context.inbox.complete(tx)`: the mark exists when `tx` commits. With a library
   * that answers at once it returns, or throws, at once. Throws a `TypeError` when `tx` is no transaction. Absent where the store has no transactions.
   */
  completeIn?(
    tx: unknown,
    subscription: string,
    id: string,
    token: string,
    retainMs: number,
  ): boolean | Promise<boolean>;
  /** Ends a claim without a mark: the message can be claimed again at once. */
  abandon(subscription: string, id: string, token: string): Promise<boolean>;
}
