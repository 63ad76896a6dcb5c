import type { AnySubscription, AnyTopic, PubSub } from "@anytopic/core";

/** The connections of a declaration. Empty while there is no broker, or when its configuration contradicts it: `plan` says so. */
export function connectionsOf(pubsub: PubSub | undefined, declared: AnyTopic | AnySubscription): readonly string[] {
  try {
    return pubsub?.routeOf(declared).connections ?? [];
  } catch {
    return [];
  }
}
