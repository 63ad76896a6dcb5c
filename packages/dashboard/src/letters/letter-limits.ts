import type { AnySubscription, Capabilities, PubSub } from "@anytopic/core";

export type LetterLimits = Pick<
  Capabilities,
  "maxMessageBytes" | "maxAttributes" | "maxAttributeKeyBytes" | "maxAttributeValueBytes"
>;

/** The limits that hold on all connections of a subscription: a letter goes back to the one it came from. */
export async function letterLimits(pubsub: PubSub, subscription: AnySubscription): Promise<LetterLimits> {
  const names = pubsub.routeOf(subscription).connections;
  const all = await Promise.all(names.map(async (name) => (await pubsub.connection(name)).capabilities));
  const least = (field: keyof LetterLimits): number => Math.min(...all.map((one) => one[field]));
  return {
    maxMessageBytes: least("maxMessageBytes"),
    maxAttributes: least("maxAttributes"),
    maxAttributeKeyBytes: least("maxAttributeKeyBytes"),
    maxAttributeValueBytes: least("maxAttributeValueBytes"),
  };
}
