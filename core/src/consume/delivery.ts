import type { HandlerContext } from "./handler-context.ts";

/** What a settle came to. `"already-settled"`: an earlier settle counts, this one did nothing. */
export type SettleOutcome = "settled" | "already-settled";

/**
 * One message of the pull form, to be settled by hand. Settle methods reject with `LEASE_LOST` when the message no
 * longer belongs to this worker. On an exactly-once subscription `ack` also rejects with what the inbox store threw; the
 * message comes again then. A delivery that is not settled until its `deadline` counts as failed.
 */
export interface Delivery<Event> extends HandlerContext {
  readonly event: Event;
  /** Done. */
  ack(): Promise<SettleOutcome>;
  /** Failed: again by policy, or after `delayMs`; dead-lettered when its retries are used up. `error` goes into the record. */
  retry(options?: { readonly delayMs?: number | undefined; readonly error?: unknown }): Promise<SettleOutcome>;
  /** Dead-letter it now. */
  reject(reason: string): Promise<SettleOutcome>;
  /** Not started: give it to another worker at once. */
  release(): Promise<SettleOutcome>;
}
