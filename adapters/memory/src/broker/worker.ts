import type { DeliverySink, PubSubError } from "@anytopic/core/driver";

/** A worker as its subscription sees it. */
export interface Worker {
  readonly sink: DeliverySink;
  readonly maxOutstanding: number;
  /** Unsettled deliveries with core; the subscription's to change. */
  outstanding: number;
  /** Whether it is among the free workers; theirs to change. */
  isFree: boolean;
  /** False once it was stopped: it gets nothing any more. */
  readonly isOpen: boolean;
  /** Its subscription was deleted, and what it held is revoked. `error` says so. */
  subscriptionDeleted(error: PubSubError): void;
}
