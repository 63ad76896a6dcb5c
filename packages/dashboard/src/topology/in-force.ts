import type { AnySubscription, PubSub } from "@anytopic/core";

/** The declaration with what the configuration says instead; alone while there is no broker, or when its configuration contradicts it. */
export function inForce(pubsub: PubSub | undefined, declared: AnySubscription): AnySubscription {
  try {
    return pubsub?.routeOf(declared).declaration ?? declared;
  } catch {
    return declared;
  }
}
