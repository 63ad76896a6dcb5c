import { PubSubError, type Clock } from "@anytopic/core/driver";
import type { MemoryLimits } from "../limits.ts";
import { MemoryBroker } from "./memory-broker.ts";

const brokers = new Map<string, MemoryBroker>();

/** Returns the broker of that name, which is created if there is none. @throws PubSubError `INVALID_CONFIG` when it has other limits or another clock */
export function namedBroker(name: string, limits: MemoryLimits, clock: Clock): MemoryBroker {
  const broker = brokers.get(name) ?? new MemoryBroker(limits, clock);
  brokers.set(name, broker);
  const option = (Object.keys(limits) as (keyof MemoryLimits)[]).find((each) => broker.limits[each] !== limits[each]);
  if (option === undefined && broker.time.clock === clock) return broker;
  const difference =
    option === undefined ? "another clock" : `${option} = ${broker.limits[option]}, not ${limits[option]}`;
  throw new PubSubError(
    "INVALID_CONFIG",
    `memory broker ${JSON.stringify(name)} exists with ${difference}: ` +
      "all its connections must ask for the same, or call destroyMemoryBroker first",
  );
}

/**
 * Forgets the broker of that name, with everything in it: the next `memory:name` finds an empty one. Returns whether there
 * was one. Close its connections first: open connections keep the old broker, and share nothing with later ones.
 */
export function destroyMemoryBroker(name: string): boolean {
  return brokers.delete(name);
}
