import { PubSubError, type Clock } from "@anytopic/core/driver";
import type { MemoryLimits } from "../limits.ts";
import { MemoryBroker } from "./memory-broker.ts";

const brokers = new Map<string, MemoryBroker>();

/** Returns the broker of that name, made when there is none. @throws PubSubError `INVALID_CONFIG` when it has other limits or another clock */
export function namedBroker(name: string, limits: MemoryLimits, clock: Clock): MemoryBroker {
  const existing = brokers.get(name);
  if (existing === undefined) {
    const made = new MemoryBroker(limits, clock);
    brokers.set(name, made);
    return made;
  }
  for (const option of Object.keys(limits) as (keyof MemoryLimits)[]) {
    if (existing.limits[option] === limits[option]) continue;
    throw new PubSubError(
      "INVALID_CONFIG",
      `memory broker ${JSON.stringify(name)} exists with ${option} = ${existing.limits[option]}, not ${limits[option]}: ` +
        "everybody who shares it must ask for the same, or destroyMemoryBroker it first",
    );
  }
  if (existing.time.clock !== clock) {
    throw new PubSubError(
      "INVALID_CONFIG",
      `memory broker ${JSON.stringify(name)} exists with another clock: ` +
        "everybody who shares it must pass the same, or destroyMemoryBroker it first",
    );
  }
  return existing;
}

/**
 * Forgets the broker of that name with everything in it: the next `memory:name` finds an empty one. Returns whether
 * there was one. Close what is connected to it first: open connections keep the old one, cut off from new ones.
 */
export function destroyMemoryBroker(name: string): boolean {
  return brokers.delete(name);
}
