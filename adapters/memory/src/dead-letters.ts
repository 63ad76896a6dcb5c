import type { DriverDeadLetters, SubscriptionSpec } from "@anytopic/core/driver";
import type { LetterBox } from "./broker/letter-box.ts";
import type { MemoryBroker } from "./broker/memory-broker.ts";

/** The dead letters of one subscription. Every method rejects with `NOT_FOUND` when the subscription has been deleted. */
export function memoryDeadLetters(broker: MemoryBroker, spec: SubscriptionSpec): DriverDeadLetters {
  const letters = (): LetterBox => broker.requireSubscription(spec).letters;
  return {
    store: async (letter) => letters().store(letter),
    count: async () => letters().size,
    scan: async (limit, visit) => letters().scan(limit, visit),
    take: async (limit) => letters().take(limit),
    emptyIsCertain: true,
    redeliver: async (message) => broker.requireTopic(spec.topic).redeliver(message, broker.requireSubscription(spec)),
    purge: async () => letters().purge(),
  };
}
