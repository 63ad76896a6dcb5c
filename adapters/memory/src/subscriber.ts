import type {
  DeliverySink,
  DriverDelivery,
  DriverSubscriber,
  PubSubError,
  SubscriptionSpec,
} from "@anytopic/core/driver";
import { MemoryDelivery } from "./delivery.ts";
import type { MemoryBroker } from "./memory-broker.ts";
import type { MemorySubscription } from "./memory-subscription.ts";

/** One worker. */
export class MemorySubscriber implements DriverSubscriber {
  readonly sink: DeliverySink;
  readonly maxOutstanding: number;
  /** Unsettled deliveries with core. */
  outstanding = 0;
  /** Whether it is among its subscription's free workers; theirs to change. */
  isFree = false;
  readonly #broker: MemoryBroker;
  readonly #spec: SubscriptionSpec;
  /** Undefined while it does not exist. */
  #subscription: MemorySubscription | undefined;
  #state: "open" | "stopped" | "closed" = "open";
  /** A worker waits for messages: like the socket of any other broker, it keeps the process alive. */
  readonly #keepAlive = setInterval(() => {}, 2 ** 31 - 1);

  constructor(
    broker: MemoryBroker,
    spec: SubscriptionSpec,
    subscription: MemorySubscription,
    sink: DeliverySink,
    maxOutstanding: number,
  ) {
    this.#broker = broker;
    this.#spec = spec;
    this.sink = sink;
    this.maxOutstanding = maxOutstanding;
    this.#subscription = subscription;
    subscription.attach(this);
  }

  extend(deliveries: readonly DriverDelivery[]): void {
    const nowMs = this.#broker.time.now();
    for (const delivery of deliveries) {
      if (delivery instanceof MemoryDelivery) delivery.subscription.renew(delivery, nowMs);
    }
  }

  async stop(): Promise<void> {
    if (this.#state !== "open") return;
    this.#state = "stopped";
    this.#subscription?.stop(this);
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    clearInterval(this.#keepAlive);
    this.#subscription?.detach(this);
    this.#broker.disown(this);
  }

  /** One of its deliveries is over. */
  freePlace(): void {
    this.outstanding -= 1;
    if (this.#state === "open" && !this.isFree) this.#subscription?.offer(this);
  }

  /** Its subscription was deleted. */
  orphaned(error: PubSubError): void {
    this.#subscription = undefined;
    if (this.#state === "open") this.sink.failing(error);
  }

  /** Takes up its subscription again when it exists; returns whether there is nothing left to wait for. */
  attach(): boolean {
    if (this.#state !== "open") return true;
    this.#subscription = this.#broker.subscription(this.#spec);
    if (this.#subscription === undefined) return false;
    this.sink.receiving(false);
    this.#subscription.attach(this);
    return true;
  }
}
