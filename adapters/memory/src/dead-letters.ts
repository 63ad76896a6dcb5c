import type {
  DriverDeadLetters,
  OutgoingMessage,
  StoredMessage,
  SubscriptionSpec,
  TakenLetter,
} from "@anytopic/core/driver";
import type { MemoryBroker } from "./memory-broker.ts";
import type { MemorySubscription } from "./memory-subscription.ts";

/** The dead letters of one subscription. Every method rejects with `NOT_FOUND` when the subscription has been deleted. */
export class MemoryDeadLetters implements DriverDeadLetters {
  readonly emptyIsCertain = true;
  readonly #broker: MemoryBroker;
  readonly #spec: SubscriptionSpec;

  constructor(broker: MemoryBroker, spec: SubscriptionSpec) {
    this.#broker = broker;
    this.#spec = spec;
  }

  async store(letter: OutgoingMessage): Promise<void> {
    this.#subscription().letters.store(letter);
  }

  async count(): Promise<number> {
    return this.#subscription().letters.size;
  }

  async peek(limit: number): Promise<readonly StoredMessage[]> {
    return this.#subscription().letters.peek(limit);
  }

  async take(limit: number): Promise<readonly TakenLetter[]> {
    return this.#subscription().letters.take(limit);
  }

  async redeliver(message: OutgoingMessage): Promise<void> {
    const subscription = this.#subscription();
    subscription.topic.redeliver(message, subscription);
  }

  async purge(): Promise<number> {
    return this.#subscription().letters.purge();
  }

  #subscription(): MemorySubscription {
    return this.#broker.requireSubscription(this.#spec);
  }
}
