import type { SubscriptionSpec } from "@anytopic/core/driver";
import { MAX_DELIVERY_ATTEMPTS, MIN_DELIVERY_ATTEMPTS } from "../limits.ts";
import type { WireReceived } from "../connection/rpc.ts";

/** Deliveries left to crashes when a message moves on. */
const MARGIN = 5;
/** The delivery from which on a message moves on. */
const LAST: number = MAX_DELIVERY_ATTEMPTS - MARGIN;
/** Deliveries the service makes beyond ours before it dead-letters by itself. */
const BACKSTOP_MARGIN = 10;

/** `max_delivery_attempts` of the service's own dead-lettering: beyond ours where its limit of 100 allows. */
export function backstopAttempts(maxRetries: number): number {
  return Math.min(MAX_DELIVERY_ATTEMPTS, Math.max(MIN_DELIVERY_ATTEMPTS, maxRetries + 1 + BACKSTOP_MARGIN));
}

/**
 * The service dead-letters after 100 deliveries at the latest, but a subscription may permit more. A message that comes
 * near is published once more, to this subscription alone, with the number of attempts it has had; its count at the
 * service starts again. Messages under an ordering key would lose their place, so they stay and are no longer counted there.
 */
export function mustMoveOn(spec: SubscriptionSpec, { deliveryAttempt }: WireReceived, kept: boolean): boolean {
  return deliveryAttempt >= LAST && mayMoveOn(spec) && !kept;
}

/** Whether a message of this subscription can ever come so far. */
export function mayMoveOn({ maxRetries }: SubscriptionSpec): boolean {
  return maxRetries + 1 >= LAST;
}

/** Whether the service may count one more failure of a message that cannot move on, without coming near its own limit. */
export function mayBeCounted({ maxRetries }: SubscriptionSpec, { deliveryAttempt }: WireReceived): boolean {
  return deliveryAttempt > 0 && deliveryAttempt < backstopAttempts(maxRetries) - MARGIN;
}
