import type { AnySubscription } from "./subscription.ts";

/** `topic/subscription`: what a subscription is called in logs, records and stores. */
export function pathOf({ topic, name }: AnySubscription): string {
  return `${topic.name}/${name}`;
}
