import type { DriverDeadLetters, SubscriptionSpec } from "@anytopic/core/driver";
import type { LetterBox } from "./letter-box.ts";
import type { MemoryBroker } from "./memory-broker.ts";

/** The dead letters of one subscription. Every method rejects with `NOT_FOUND` when the subscription has been deleted. */
export function openDeadLetters(broker: MemoryBroker, spec: SubscriptionSpec): DriverDeadLetters {
  const letters = (): LetterBox => broker.requireSubscription(spec).letters;
  return {
    store: async (letter) => letters().store(letter),
    count: async () => letters().size,
    peek: async (limit) => letters().peek(limit),
    /** Answers at once: this broker knows when there is none. */
    take: async (limit) => letters().take(limit),
    redeliver: async (message) => broker.requireTopic(spec.topic).redeliver(message, broker.requireSubscription(spec)),
    purge: async () => letters().purge(),
    close: async () => {},
  };
}
