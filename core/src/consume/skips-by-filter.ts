import { filterPredicate } from "../contract/filter.ts";
import { filterRules } from "../declare/filter.ts";
import type { AnySubscription } from "../declare/subscription.ts";
import type { InFlight } from "./in-flight.ts";

/**
 * Whether the subscription's filter holds a message back: then `skip` has acknowledged it. `undefined` without a filter, so that it
 * costs nothing. A message whose metadata cannot be read is not judged: it becomes a dead letter, as without a filter.
 */
export function skipsByFilter(
  { filter }: AnySubscription,
  skip: (item: InFlight) => void,
): ((item: InFlight) => boolean) | undefined {
  if (filter === undefined) return undefined;
  const passes = filterPredicate(filterRules(filter));
  return (item) => {
    const { undecodable, attributes } = item.delivery;
    if (undecodable !== undefined || passes(attributes)) return false;
    skip(item);
    return true;
  };
}
