import {
  ConnectionStatus,
  type DeliverySink,
  type Driver,
  type DriverContext,
  type DriverDeadLetters,
  type DriverPublisher,
  type DriverSubscriber,
  type SubscriberOptions,
  type SubscriptionSpec,
  type TopicSpec,
  type Topology,
  type TopologyChange,
} from "@anytopic/core/driver";
import { Connection, type ConnectionPurpose } from "./connection.ts";
import { DeadLetters } from "./dead-letters.ts";
import { OPEN_TIMEOUT_MS } from "./limits.ts";
import { exchangeName, queueNames } from "./names.ts";
import { RabbitmqNative } from "./connection/native.ts";
import type { CheckedOptions } from "./options.ts";
import { orderStamps } from "./wire/order-stamp.ts";
import { POLICIES_UNSEEN, readPolicies } from "./topology/policies.ts";
import { Provisioning } from "./provisioning.ts";
import { Publisher } from "./publisher.ts";
import { QueueSender } from "./publish/queue-sender.ts";
import { type ServerFeatures, serverFeatures } from "./connection/server.ts";
import { Subscriber } from "./subscriber.ts";
import { WaitQueues } from "./retry/wait-queues.ts";

/**
 * Two connections: a broker that is short of memory or disk stops reading from those that publish, which must not stop
 * acks. The one to consume is also for topology; the one to publish is made when first needed. A third one is made when
 * somebody looks at dead letters: to get a message from a queue that is just being created ends the whole connection on 3.10.8
 * (541), and a look must not end workers.
 */
export class RabbitmqDriver implements Driver {
  readonly native: RabbitmqNative;
  readonly blindSpot: string | undefined;
  readonly #options: CheckedOptions;
  readonly #context: DriverContext;
  readonly #status: ConnectionStatus<ConnectionPurpose>;
  readonly #consuming: Connection;
  readonly #provisioning: Provisioning;
  readonly #nextOrder: () => number;
  #publishing: { readonly connection: Connection; readonly sender: QueueSender } | undefined;
  #opening: Promise<void> | undefined;
  #reading: { readonly connection: Connection; readonly opening: Promise<void> } | undefined;
  #server: ServerFeatures = { name: "RabbitMQ", nackCounts: true };

  private constructor(options: CheckedOptions, context: DriverContext) {
    this.#options = options;
    this.#context = context;
    this.#status = new ConnectionStatus((state, error) => context.status(state, error));
    this.#consuming = new Connection(options, context, "consume", this.#status);
    const { management, prefix, tls } = options;
    this.blindSpot = management === undefined ? POLICIES_UNSEEN : undefined;
    this.#provisioning = new Provisioning(
      this.#consuming,
      prefix,
      management && ((signal) => readPolicies(management, tls, signal)),
    );
    this.#nextOrder = orderStamps(() => context.clock.now());
    this.native = new RabbitmqNative(
      () => this.#publishing?.connection.model,
      () => this.#consuming.model,
    );
  }

  static async open(options: CheckedOptions, context: DriverContext, signal?: AbortSignal): Promise<RabbitmqDriver> {
    const driver = new RabbitmqDriver(options, context);
    // An upgrade of the server comes with a new connection.
    driver.#consuming.addUser({ up: () => driver.#learnServer(), down: () => {} });
    try {
      await driver.#consuming.open(signal, Math.max(OPEN_TIMEOUT_MS, options.connectTimeoutMs));
    } catch (error) {
      await driver.close();
      throw error;
    }
    return driver;
  }

  get server(): string {
    return this.#server.name;
  }

  plan(topology: Topology, signal?: AbortSignal): Promise<readonly TopologyChange[]> {
    return this.#provisioning.plan(topology, signal);
  }

  apply(topology: Topology): Promise<readonly TopologyChange[]> {
    return this.#provisioning.apply(topology);
  }

  destroy(topology: Topology): Promise<readonly string[]> {
    return this.#provisioning.destroy(topology);
  }

  async openPublisher(topic: TopicSpec): Promise<DriverPublisher> {
    const { connection } = await this.#publish();
    return new Publisher(topic, {
      connection,
      exchange: exchangeName(this.#options.prefix, topic),
      contentType: this.#options.contentType,
      nextOrder: this.#nextOrder,
    });
  }

  async openSubscriber(
    spec: SubscriptionSpec,
    sink: DeliverySink,
    options: SubscriberOptions,
  ): Promise<DriverSubscriber> {
    const names = queueNames(this.#options.prefix, spec);
    const { sender } = await this.#publish();
    const subscriber = new Subscriber(spec, sink, options, {
      connection: this.#consuming,
      driver: this.#context,
      names,
      sender,
      waitQueues: new WaitQueues(names, this.#consuming, sender),
      server: () => this.#server,
    });
    await subscriber.open();
    return subscriber;
  }

  async openDeadLetters(spec: SubscriptionSpec): Promise<DriverDeadLetters> {
    const { sender } = await this.#publish();
    return new DeadLetters({
      reading: () => this.#read(),
      driver: this.#context,
      names: queueNames(this.#options.prefix, spec),
      sender,
      contentType: this.#options.contentType,
      nextOrder: this.#nextOrder,
    });
  }

  /** All at once, so that one bound is the bound of all. */
  async close(timeoutMs?: number): Promise<void> {
    const publishing = this.#publishing;
    await Promise.all([
      publishing?.sender.close(timeoutMs),
      publishing?.connection.close(timeoutMs),
      this.#reading?.connection.close(timeoutMs),
      this.#consuming.close(timeoutMs),
    ]);
  }

  /** The connection to publish; a failure to make the first one is left to its reconnecting, since the other one stands. */
  async #publish(): Promise<{ readonly connection: Connection; readonly sender: QueueSender }> {
    if (this.#publishing === undefined) {
      const connection = new Connection(this.#options, this.#context, "publish", this.#status);
      this.#publishing = { connection, sender: new QueueSender(connection) };
      // The node that the other connection found is the likeliest to be up.
      this.#opening = connection.start(this.#consuming.turn - 1);
    }
    await this.#opening;
    return this.#publishing;
  }

  /** The connection to read dead letters. Not part of the health: nobody's messages wait for it, and who looks is told. */
  async #read(): Promise<Connection> {
    if (this.#reading === undefined) {
      const connection = new Connection(this.#options, this.#context, "letters", new ConnectionStatus(() => {}));
      this.#reading = { connection, opening: connection.start(this.#consuming.turn - 1) };
    }
    const { connection, opening } = this.#reading;
    await opening;
    return connection;
  }

  #learnServer(): void {
    const { model } = this.#consuming;
    if (model !== undefined) this.#server = serverFeatures(model);
  }
}
