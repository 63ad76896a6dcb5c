import {
  CLOSE_GRACE_MS,
  type DeliverySink,
  type Driver,
  type DriverContext,
  type DriverDeadLetters,
  type DriverPublisher,
  type DriverSubscriber,
  type SubscriberOptions,
  type SubscriptionSpec,
  type Topology,
  type TopologyChange,
  type TopicSpec,
} from "@anytopic/core/driver";
import type { PubSub } from "@google-cloud/pubsub";
import { connect, type Connection } from "./connection.ts";
import { GcpDeadLetters } from "./dead-letters.ts";
import type { CheckedOptions } from "./options.ts";
import { applyTopology, destroyTopology, planTopology } from "./provisioning.ts";
import { GcpPublisher } from "./publisher.ts";
import { GcpSubscriber } from "./subscriber.ts";

export async function openDriver(
  options: CheckedOptions,
  context: DriverContext,
  signal?: AbortSignal,
): Promise<Driver> {
  return new GcpDriver(await connect(options, context, signal));
}

class GcpDriver implements Driver {
  readonly server: string;
  readonly native: PubSub;
  readonly #connection: Connection;
  #closing: Promise<void> | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.native = connection.native;
    this.server = connection.emulator ? `pubsub emulator at ${connection.endpoint}` : connection.endpoint;
  }

  async plan(topology: Topology, signal?: AbortSignal): Promise<readonly TopologyChange[]> {
    return await planTopology(this.#connection, topology, signal);
  }

  async apply(topology: Topology, { update }: { readonly update: boolean }): Promise<readonly TopologyChange[]> {
    return await applyTopology(this.#connection, topology, update);
  }

  async destroy(topology: Topology): Promise<readonly string[]> {
    return await destroyTopology(this.#connection, topology);
  }

  async openPublisher(topic: TopicSpec): Promise<DriverPublisher> {
    return new GcpPublisher(this.#connection, topic);
  }

  async openSubscriber(
    subscription: SubscriptionSpec,
    sink: DeliverySink,
    options: SubscriberOptions,
  ): Promise<DriverSubscriber> {
    const channel = await this.#connection.openChannel();
    const subscriber = new GcpSubscriber(this.#connection, channel, subscription, sink, options);
    try {
      await subscriber.start();
    } catch (error) {
      await subscriber.close(0);
      throw error;
    }
    return subscriber;
  }

  async openDeadLetters(subscription: SubscriptionSpec): Promise<DriverDeadLetters> {
    const letters = new GcpDeadLetters(this.#connection, subscription);
    await letters.check();
    return letters;
  }

  close(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    this.#closing ??= this.#connection.close(timeoutMs);
    return this.#closing;
  }
}
