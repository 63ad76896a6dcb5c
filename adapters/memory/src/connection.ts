import type {
  DeliverySink,
  Driver,
  DriverContext,
  DriverDeadLetters,
  DriverPublisher,
  DriverSubscriber,
  SubscriberOptions,
  SubscriptionSpec,
  TopicSpec,
  Topology,
  TopologyChange,
} from "@anytopic/core/driver";
import { namedBroker } from "./broker-registry.ts";
import { memoryDeadLetters } from "./dead-letters.ts";
import { connectionClosed } from "./errors.ts";
import { MemoryBroker } from "./memory-broker.ts";
import type { MemoryLimits } from "./options.ts";
import { applyTopology, destroyTopology, planTopology } from "./provisioning.ts";
import { MemoryPublisher } from "./publisher.ts";
import { MemorySubscriber } from "./subscriber.ts";

/** Connects to the named broker, or to a new one. */
export async function openConnection(
  name: string | undefined,
  limits: MemoryLimits,
  context: DriverContext,
  signal?: AbortSignal,
): Promise<Driver> {
  signal?.throwIfAborted();
  const broker =
    name === undefined ? new MemoryBroker(limits, context.clock) : namedBroker(name, limits, context.clock);
  context.status("up");
  return new MemoryConnection(broker);
}

class MemoryConnection implements Driver {
  readonly server: string = `in-memory, node ${process.versions.node}`;
  readonly native: MemoryBroker;
  #closed = false;

  constructor(broker: MemoryBroker) {
    this.native = broker;
  }

  async plan(topology: Topology, signal?: AbortSignal): Promise<readonly TopologyChange[]> {
    signal?.throwIfAborted();
    return planTopology(this.#broker(), topology);
  }

  async apply(topology: Topology, options: { readonly update: boolean }): Promise<readonly TopologyChange[]> {
    return applyTopology(this.#broker(), topology, options.update);
  }

  async destroy(topology: Topology): Promise<readonly string[]> {
    return destroyTopology(this.#broker(), topology);
  }

  async openPublisher(topic: TopicSpec): Promise<DriverPublisher> {
    this.#broker().requireTopic(topic);
    return new MemoryPublisher(this.native, topic);
  }

  async openSubscriber(
    spec: SubscriptionSpec,
    sink: DeliverySink,
    options: SubscriberOptions,
  ): Promise<DriverSubscriber> {
    const subscription = this.#broker().requireSubscription(spec);
    return new MemorySubscriber(this.native, spec, subscription, sink, options.maxOutstanding);
  }

  async openDeadLetters(spec: SubscriptionSpec): Promise<DriverDeadLetters> {
    this.#broker().requireSubscription(spec);
    return memoryDeadLetters(this.native, spec);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #broker(): MemoryBroker {
    if (this.#closed) throw connectionClosed();
    return this.native;
  }
}
