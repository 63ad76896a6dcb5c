import type {
  DeliverySink,
  Driver,
  DriverDeadLetters,
  DriverPublisher,
  DriverSubscriber,
  SubscriberOptions,
  SubscriptionSpec,
  Topology,
  TopologyChange,
  TopicSpec,
} from "@anytopic/core/driver";
import type { NatsConnection } from "@nats-io/nats-core";
import type { Connection } from "./connection.ts";
import { NatsDeadLetters, type Question } from "./dead-letters.ts";
import { subscriptionNames, topicNames } from "./names.ts";
import { OrderedSubscriber } from "./ordering/ordered-subscriber.ts";
import { apply, destroy, plan } from "./provisioning.ts";
import { NatsPublisher } from "./publisher.ts";
import { ReplyInbox } from "./publish/reply-inbox.ts";
import { NatsSubscriber } from "./subscriber.ts";
import { requireConsumer } from "./receive/require-consumer.ts";

/** An open connection to a NATS server with JetStream. */
export class NatsDriver implements Driver {
  readonly server: string;
  readonly native: NatsConnection;
  readonly #connection: Connection;
  readonly #prefix: string;
  #questions: ReplyInbox<Question> | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#prefix = connection.options.prefix;
    this.native = connection.nc;
    this.server = `nats-server ${connection.nc.info?.version ?? "unknown"}`;
  }

  async plan(topology: Topology, signal?: AbortSignal): Promise<readonly TopologyChange[]> {
    return plan(this.#connection, topology, signal);
  }

  async apply(topology: Topology, options: { readonly update: boolean }): Promise<readonly TopologyChange[]> {
    return apply(this.#connection, topology, options.update);
  }

  async destroy(topology: Topology): Promise<readonly string[]> {
    return destroy(this.#connection, topology);
  }

  async openPublisher(topic: TopicSpec): Promise<DriverPublisher> {
    return new NatsPublisher(this.#connection, topicNames(this.#prefix, topic));
  }

  async openSubscriber(
    subscription: SubscriptionSpec,
    sink: DeliverySink,
    options: SubscriberOptions,
  ): Promise<DriverSubscriber> {
    const names = subscriptionNames(this.#prefix, subscription);
    await requireConsumer(this.#connection, names, subscription);
    if (!subscription.topic.ordered) {
      const subscriber = new NatsSubscriber(this.#connection, names, subscription, sink, options);
      subscriber.start();
      return subscriber;
    }
    const subscriber = new OrderedSubscriber(this.#connection, names, subscription, sink, options, this.#asker());
    await subscriber.start();
    return subscriber;
  }

  async openDeadLetters(subscription: SubscriptionSpec): Promise<DriverDeadLetters> {
    return new NatsDeadLetters(this.#connection, subscriptionNames(this.#prefix, subscription), this.#asker());
  }

  async close(timeoutMs?: number): Promise<void> {
    this.#questions?.close();
    await this.#connection.close(timeoutMs);
  }

  /** One inbox for what the driver itself publishes. */
  #asker(): ReplyInbox<Question> {
    this.#questions ??= new ReplyInbox<Question>(this.#connection, {
      replied: (question, reply) => question.resolve(reply),
      lost: (question, error) => question.reject(error),
    });
    return this.#questions;
  }
}
