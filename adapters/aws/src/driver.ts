import {
  CLOSE_GRACE_MS,
  type DeliverySink,
  type Driver,
  type DriverDeadLetters,
  type DriverPublisher,
  type DriverSubscriber,
  PubSubError,
  type SubscriberOptions,
  type SubscriptionSpec,
  type Topology,
  type TopologyChange,
  type TopicSpec,
} from "@anytopic/core/driver";
import type { AwsClients, Connection } from "./connection.ts";
import { AwsDeadLetters } from "./dead-letters.ts";
import { destroy, provision } from "./provisioning.ts";
import { AwsPublisher } from "./publisher.ts";
import { awaitQueue } from "./topology/queue.ts";
import { deadLetterQueueName, queueName } from "./names.ts";
import { AwsSubscriber } from "./subscriber.ts";
import { requireTopicArn } from "./topology/topic-arn.ts";
import { UnstartedReceipts } from "./settle/unstarted-receipts.ts";

/** An open connection to SNS and SQS. */
export class AwsDriver implements Driver {
  readonly server: string;
  readonly native: AwsClients;
  readonly #connection: Connection;
  /** Shared by the workers of one queue, by queue name. */
  readonly #unstarted = new Map<string, UnstartedReceipts>();
  #closed = false;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.server = connection.server;
    this.native = Object.freeze({ sns: connection.sns, sqs: connection.sqs });
  }

  async plan(topology: Topology, signal?: AbortSignal): Promise<readonly TopologyChange[]> {
    this.#requireOpen();
    return await provision(this.#connection, topology, { create: false, update: false, signal });
  }

  async apply(topology: Topology, options: { readonly update: boolean }): Promise<readonly TopologyChange[]> {
    this.#requireOpen();
    const changes = await provision(this.#connection, topology, { create: true, update: options.update });
    return changes.filter(({ action }) => action === "create" || (action === "update" && options.update));
  }

  async destroy(topology: Topology): Promise<readonly string[]> {
    this.#requireOpen();
    return await destroy(this.#connection, topology);
  }

  async openPublisher(topic: TopicSpec): Promise<DriverPublisher> {
    this.#requireOpen();
    return new AwsPublisher(this.#connection, topic, await requireTopicArn(this.#connection, topic));
  }

  async openSubscriber(
    subscription: SubscriptionSpec,
    sink: DeliverySink,
    options: SubscriberOptions,
  ): Promise<DriverSubscriber> {
    this.#requireOpen();
    const name = queueName(this.#connection.options.prefix, subscription);
    const queue = await awaitQueue(this.#connection, name);
    return new AwsSubscriber(this.#connection, queue, subscription, sink, options, this.#unstartedOf(name));
  }

  async openDeadLetters(subscription: SubscriptionSpec): Promise<DriverDeadLetters> {
    this.#requireOpen();
    const { prefix } = this.#connection.options;
    const [letters, main] = await Promise.all([
      awaitQueue(this.#connection, deadLetterQueueName(prefix, subscription)),
      awaitQueue(this.#connection, queueName(prefix, subscription)),
    ]);
    return new AwsDeadLetters(this.#connection, subscription, letters, main);
  }

  close(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    this.#closed = true;
    return this.#connection.close(timeoutMs);
  }

  #requireOpen(): void {
    if (this.#closed) throw new PubSubError("CLOSED", "the connection to SNS and SQS is closed");
  }

  #unstartedOf(queue: string): UnstartedReceipts {
    const known = this.#unstarted.get(queue) ?? new UnstartedReceipts();
    this.#unstarted.set(queue, known);
    return known;
  }
}
