import type { HandlerContext } from "./handler-context.ts";

/** The result of a settle. `"already-settled"`: an earlier settle of this delivery counts, and this one did nothing. */
export type SettleOutcome = "settled" | "already-settled";

/**
 * One delivery of the pull form, which its reader settles. The settle methods reject with `LEASE_LOST` when the message no longer
 * belongs to this worker. On an exactly-once subscription, `ack` also rejects with the error of the inbox store, and the message
 * is retried. A delivery that is not settled before its `deadline` counts as failed.
 */
export interface Delivery<Event> extends HandlerContext {
  readonly event: Event;
  /** Acknowledges the message. */
  ack(): Promise<SettleOutcome>;
  /** Retries the message after `delayMs`, by default as the retry policy says. After its last retry it is dead-lettered; `error` goes into the dead-letter record. */
  retry(options?: { readonly delayMs?: number | undefined; readonly error?: unknown }): Promise<SettleOutcome>;
  /** Dead-letters the message now. `reason` goes into the dead-letter record. */
  reject(reason: string): Promise<SettleOutcome>;
  /** Gives the message back without a failure: another worker may get it at once. */
  release(): Promise<SettleOutcome>;
}
