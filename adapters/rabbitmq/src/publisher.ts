import type { DriverPublisher, OutgoingMessage, PublishRequest, PubSubError, TopicSpec } from "@anytopic/core/driver";
import type { Connection } from "./connection.ts";
import { asBuffer, encodeProperties } from "./codec.ts";
import type { Connections } from "./connection/connections.ts";
import { rabbitmqMessageLimits } from "./message-limits.ts";
import { exchangeName } from "./names.ts";
import { ConfirmedChannel } from "./publish/confirmed-channel.ts";

const LIMITS = rabbitmqMessageLimits();

/** How long after a returned message the next one is published `mandatory` again. */
const RETURN_PAUSE_MS = 10_000;

/** Publishes to the exchange of one topic, on its own channel: if the exchange is missing, no other channel closes. */
export class RabbitmqPublisher implements DriverPublisher {
  readonly sizeOf: DriverPublisher["sizeOf"] = LIMITS.sizeOf;
  readonly #connections: Connections;
  readonly #connection: Connection;
  readonly #channel: ConfirmedChannel;
  #mandatoryFromMs = 0;
  #unrouted = false;
  #isClosed = false;

  /** @param connection of `connections.ofTopics` */
  constructor(connections: Connections, connection: Connection, topic: TopicSpec) {
    this.#connections = connections;
    this.#connection = connection;
    const exchange = exchangeName(connections.options.prefix, topic);
    this.#channel = new ConfirmedChannel(connection, {
      exchange,
      what: `rabbitmq: publish to topic ${JSON.stringify(topic.name)} (exchange ${JSON.stringify(exchange)})`,
      returned: () => this.#returned(topic.name),
      again: (request) => this.#publish(request as PublishRequest, false),
    });
  }

  refusal(message: OutgoingMessage): PubSubError | undefined {
    return LIMITS.refusal(message) ?? this.#channel.refusal(message.body.byteLength);
  }

  publish(batch: readonly PublishRequest[]): void {
    const mandatory = this.#connections.context.clock.monotonicNow() >= this.#mandatoryFromMs;
    for (const request of batch) this.#publish(request, mandatory);
  }

  async close(timeoutMs?: number): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#channel.close(timeoutMs);
    this.#connections.ofTopics.giveBack(this.#connection);
  }

  #publish(request: PublishRequest, mandatory: boolean): void {
    const order = request.orderingKey === undefined ? undefined : this.#connections.nextOrder();
    const properties = encodeProperties(request, order, this.#connections.options.contentType);
    properties.mandatory = mandatory;
    this.#channel.publish("", asBuffer(request.body), properties, request);
  }

  /** A message that no subscription takes is accepted and dropped, on every broker. Logged once, since it is often a mistake. */
  #returned(topic: string): void {
    const { clock, logger } = this.#connections.context;
    // Each returned message would come over the network with its body: one from time to time is enough to know.
    this.#mandatoryFromMs = clock.monotonicNow() + RETURN_PAUSE_MS;
    if (this.#unrouted) return;
    this.#unrouted = true;
    logger.warn(
      { topic },
      `rabbitmq: no subscription of topic ${JSON.stringify(topic)} takes a message: it has none, or their filters hold it back; such messages are accepted and dropped`,
    );
  }
}
