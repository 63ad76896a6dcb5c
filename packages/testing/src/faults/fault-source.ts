import type { Attributes } from "@anytopic/core";
import type { PubSubError } from "@anytopic/core/driver";

/** A message that is being published. */
export interface PublishMoment {
  readonly topic: string;
  readonly id: string;
  readonly attributes: Attributes;
  readonly orderingKey: string | undefined;
}

/** A message that is being delivered. */
export interface DeliveryMoment extends PublishMoment {
  readonly subscription: string;
  readonly attempt: number;
}

/** `"fail"`: the publish rejects with `error`; with `stored`, the broker has the message nevertheless. `"late"`: the message is stored now, and confirmed after `delayMs`. */
export type PublishFault =
  | { readonly kind: "fail"; readonly error: PubSubError; readonly stored: boolean }
  | { readonly kind: "late"; readonly delayMs: number };

/**
 * `"duplicate"`: the broker delivers the message once more, with attempt 1. `"lose-ack"`: the acknowledgement does not reach the broker,
 * so that the message is redelivered when its lease has expired. `"lose-lease"`: the lease is lost while the handler runs, and the
 * message is redelivered at once.
 */
export type DeliveryFault = "duplicate" | "lose-ack" | "lose-lease";

/** Decides what goes wrong. Each method is called once for each moment. */
export interface FaultSource {
  publish(moment: PublishMoment): PublishFault | undefined;
  delivery(moment: DeliveryMoment): DeliveryFault | undefined;
  /** The error with which a dead letter is not stored. */
  letter(moment: DeliveryMoment): PubSubError | undefined;
  /** Which of the waiting messages is delivered next. The first is the one that has waited longest. */
  next(waiting: readonly DeliveryMoment[]): number;
}
