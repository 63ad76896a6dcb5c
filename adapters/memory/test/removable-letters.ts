import type { SubscriptionName } from "@anytopic/conformance";
import { type Adapter, type DriverDeadLetters, PubSubError, type SubscriptionSpec } from "@anytopic/core/driver";

/**
 * Dead-letter queues that can be deleted and made again. The memory broker has none apart from their subscription, so
 * this stands in for it: core and the saboteurs are shown what the other brokers do.
 */
export class RemovableLetters {
  readonly #gone = new Set<string>();

  delete({ topic, subscription }: SubscriptionName): void {
    this.#gone.add(`${topic}/${subscription}`);
  }

  in(adapter: Adapter): Adapter {
    return {
      name: adapter.name,
      capabilities: adapter.capabilities,
      open: async (context, signal) => {
        const driver = await adapter.open(context, signal);
        const apply = driver.apply.bind(driver);
        const openDeadLetters = driver.openDeadLetters.bind(driver);
        driver.apply = async (topology, options) => {
          for (const subscription of topology.subscriptions)
            await this.#recreate(subscription, () => driver.openDeadLetters(subscription));
          return apply(topology, options);
        };
        driver.openDeadLetters = async (subscription) =>
          this.#removable(subscription, await openDeadLetters(subscription));
        return driver;
      },
    };
  }

  async #recreate(subscription: SubscriptionSpec, open: () => Promise<DriverDeadLetters>): Promise<void> {
    if (this.#gone.delete(pathOf(subscription))) await (await open()).purge?.();
  }

  #removable(subscription: SubscriptionSpec, letters: DriverDeadLetters): DriverDeadLetters {
    const store = letters.store.bind(letters);
    letters.store = async (letter) => {
      if (this.#gone.has(pathOf(subscription))) throw new PubSubError("NOT_FOUND", "the dead-letter queue was deleted");
      await store(letter);
    };
    return letters;
  }
}

function pathOf({ topic, name }: SubscriptionSpec): string {
  return `${topic.name}/${name}`;
}
