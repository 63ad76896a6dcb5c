import type { DriverPublisher, OutgoingMessage, PublishRequest, PubSubError, TopicSpec } from "@anytopic/core/driver";
import { asBuffer, encodeProperties, headerRefusal, sizeOf } from "./codec.ts";
import { ConfirmedChannel } from "./publish/confirmed-channel.ts";
import type { Connection } from "./connection.ts";

/** How long after a message that nobody wanted the next one is published `mandatory` again. */
const RETURN_PAUSE_MS = 10_000;

export interface PublisherContext {
  readonly connection: Connection;
  readonly exchange: string;
  readonly contentType: string | undefined;
  /** Counts up for ever; see `orderStamps`. */
  readonly nextOrder: () => number;
}

/** Publishes to the exchange of one topic, on a channel of its own: one that is missing closes no other. */
export class Publisher implements DriverPublisher {
  readonly #context: PublisherContext;
  readonly #channel: ConfirmedChannel;
  #mandatoryFromMs = 0;
  #unrouted = false;

  constructor(topic: TopicSpec, context: PublisherContext) {
    this.#context = context;
    const what = `rabbitmq: publish to topic ${JSON.stringify(topic.name)} (exchange ${JSON.stringify(context.exchange)})`;
    this.#channel = new ConfirmedChannel(context.connection, {
      what,
      returned: () => this.#returned(topic),
      again: (request) => this.#again(request as PublishRequest),
    });
  }

  sizeOf(message: OutgoingMessage): number {
    return sizeOf(message);
  }

  refusal({ attributes, body }: OutgoingMessage): PubSubError | undefined {
    return headerRefusal(attributes) ?? this.#channel.refusal(body.byteLength);
  }

  publish(batch: readonly PublishRequest[]): void {
    const mandatory = this.#context.connection.context.clock.monotonicNow() >= this.#mandatoryFromMs;
    for (const request of batch) this.#publish(request, mandatory);
  }

  #publish(request: PublishRequest, mandatory: boolean): void {
    const { exchange, contentType, nextOrder } = this.#context;
    const order = request.orderingKey === undefined ? undefined : nextOrder();
    const properties = encodeProperties(request, order, contentType);
    properties.mandatory = mandatory;
    this.#channel.publish(exchange, "", asBuffer(request.body), properties, request);
  }

  #again(request: PublishRequest): void {
    if (request.awaited) this.#publish(request, false);
  }

  close(timeoutMs?: number): Promise<void> {
    return this.#channel.close(timeoutMs);
  }

  /** A topic without subscriptions takes messages and forgets them, on every broker; said once, since it is often a mistake. */
  #returned({ name }: TopicSpec): void {
    // Each would come back over the network with its body: one now and then is enough to know.
    this.#mandatoryFromMs = this.#context.connection.context.clock.monotonicNow() + RETURN_PAUSE_MS;
    if (this.#unrouted) return;
    this.#unrouted = true;
    this.#context.connection.context.logger.warn(
      { topic: name },
      `rabbitmq: topic ${JSON.stringify(name)} has no subscription: messages are accepted and go nowhere`,
    );
  }
}
