import type {
  DeliverySink,
  DriverDelivery,
  DriverSubscriber,
  PubSubError,
  SubscriptionSpec,
} from "@anytopic/core/driver";
import { MemoryDelivery } from "./delivery.ts";
import type { MemoryBroker } from "./broker/memory-broker.ts";
import type { MemorySubscription } from "./broker/memory-subscription.ts";
import type { AttachedWorker } from "./broker/free-workers.ts";

/** One worker. When its subscription is deleted, it waits until that exists again. */
export class MemorySubscriber implements DriverSubscriber, AttachedWorker {
  readonly sink: DeliverySink;
  readonly maxOutstanding: number;
  outstanding = 0;
  isFree = false;
  isOpen = true;
  readonly #broker: MemoryBroker;
  readonly #spec: SubscriptionSpec;
  /** Undefined while the subscription does not exist. */
  #subscription: MemorySubscription | undefined;
  /** A worker waits for messages: like the socket of any other broker, it keeps the process alive. */
  readonly #keepAlive: NodeJS.Timeout;

  /** @throws PubSubError `NOT_FOUND` */
  constructor(broker: MemoryBroker, spec: SubscriptionSpec, sink: DeliverySink, maxOutstanding: number) {
    this.#broker = broker;
    this.#spec = spec;
    this.sink = sink;
    this.maxOutstanding = maxOutstanding;
    this.#subscription = broker.requireSubscription(spec);
    this.#subscription.attach(this);
    broker.subscriptionListeners.add(this.#attachAgain);
    this.#keepAlive = setInterval(() => {}, 2 ** 31 - 1);
  }

  extend(deliveries: readonly DriverDelivery[]): void {
    const nowMs = this.#broker.time.now();
    for (const delivery of deliveries) {
      if (delivery instanceof MemoryDelivery) this.#subscription?.renew(delivery, nowMs);
    }
  }

  async stop(): Promise<void> {
    this.isOpen = false;
    this.#subscription?.stop(this);
  }

  async close(): Promise<void> {
    this.isOpen = false;
    clearInterval(this.#keepAlive);
    this.#broker.subscriptionListeners.delete(this.#attachAgain);
    this.#subscription?.detach(this);
  }

  subscriptionDeleted(error: PubSubError): void {
    this.#subscription = undefined;
    if (this.isOpen) this.sink.failing(error);
  }

  readonly #attachAgain = (): void => {
    if (!this.isOpen || this.#subscription !== undefined) return;
    this.#subscription = this.#broker.subscription(this.#spec);
    if (this.#subscription === undefined) return;
    this.sink.receiving(false);
    this.#subscription.attach(this);
  };
}
