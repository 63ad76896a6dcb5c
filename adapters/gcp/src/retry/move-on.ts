import type { SubscriptionSpec } from "@anytopic/core/driver";
import { MAX_DELIVERY_ATTEMPTS, MIN_DELIVERY_ATTEMPTS } from "../limits.ts";
import type { WireReceived } from "../connection/rpc.ts";

/** Deliveries that are left for crashes when a message moves on. */
const MARGIN = 5;
/** The delivery from which on a message moves on. */
const LAST: number = MAX_DELIVERY_ATTEMPTS - MARGIN;
/** Deliveries that the service makes beyond ours before it dead-letters by itself. */
const BACKSTOP_MARGIN = 10;

/** `max_delivery_attempts` of the service's own dead-lettering: beyond ours where its limit of 100 allows. */
export function backstopAttempts(maxRetries: number): number {
  return Math.min(MAX_DELIVERY_ATTEMPTS, Math.max(MIN_DELIVERY_ATTEMPTS, maxRetries + 1 + BACKSTOP_MARGIN));
}

/**
 * The service dead-letters after 100 deliveries at the latest, but a subscription may permit more. A message that comes near
 * this limit is published once more, to this subscription alone, with the number of its attempts, and the service counts
 * from 1 again. A message with an ordering key would lose its place, so it stays, and the service no longer counts its failures.
 */
export function mustMoveOn(spec: SubscriptionSpec, { deliveryAttempt }: WireReceived, keepsKey: boolean): boolean {
  return deliveryAttempt >= LAST && mayMoveOn(spec) && !keepsKey;
}

/** Whether a message of this subscription can ever come near the limit. */
export function mayMoveOn({ maxRetries }: SubscriptionSpec): boolean {
  return maxRetries + 1 >= LAST;
}

/** Whether the service may count one more failure of a message that cannot move on, without coming near the limit. */
export function mayBeCounted({ maxRetries }: SubscriptionSpec, { deliveryAttempt }: WireReceived): boolean {
  return deliveryAttempt > 0 && deliveryAttempt < backstopAttempts(maxRetries) - MARGIN;
}
