import { PubSubError } from "@anytopic/core/driver";
import type { Message, Options } from "amqplib";
import { answeredInTime } from "../connection/channels.ts";
import type { Connection } from "../connection.ts";
import { FRAME_ROOM_BYTES, MAX_HEADER_BYTES } from "../limits.ts";
import { type Again, encodeAgain } from "../wire/encode-again.ts";
import type { Confirmable } from "./confirmable.ts";
import { ConfirmedChannel } from "./confirmed-channel.ts";

/** Publishes directly to queues, not through the exchange of a topic: retries, dead letters, redrives. Safe to share. */
export class QueueSender {
  readonly #connection: Connection;
  readonly #channel: ConfirmedChannel;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#channel = new ConfirmedChannel(connection, {
      exchange: "",
      what: "rabbitmq: send to a queue",
      returned: markReturned,
      again: (request) => this.#publish(request as QueueSend),
    });
  }

  /** The maximum for the headers of a message on this connection, in bytes: they are sent in one frame. */
  get maxHeaderBytes(): number {
    const { frameMax = Infinity } = (this.#connection.model?.connection ?? {}) as { readonly frameMax?: number };
    return Math.min(MAX_HEADER_BYTES, frameMax - FRAME_ROOM_BYTES);
  }

  /** Publishes a received message again; resolves and rejects like `send`. */
  sendAgain(queue: string, message: Message, again: Again): Promise<void> {
    const { body, properties } = encodeAgain(message, again, this.maxHeaderBytes);
    return this.send(queue, body, properties);
  }

  /**
   * Resolves when the queue has the message on disk. Rejects with `NOT_FOUND` if there is no such queue, and with `TIMEOUT` if the
   * broker does not answer, as for a queue without a majority of its nodes.
   */
  send(queue: string, body: Buffer, properties: Options.Publish): Promise<void> {
    const request = new QueueSend(queue, body, { ...properties, mandatory: true });
    this.#publish(request);
    return answeredInTime(this.#connection.context.clock, request.answer.promise).finally(
      () => (request.awaited = false),
    );
  }

  close(timeoutMs?: number): Promise<void> {
    return this.#channel.close(timeoutMs);
  }

  #publish(request: QueueSend): void {
    request.returned = false;
    this.#channel.publish(request.queue, request.body, request.properties, request);
  }
}

class QueueSend implements Confirmable {
  readonly queue: string;
  readonly body: Buffer;
  readonly properties: Options.Publish;
  readonly answer: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  returned = false;
  awaited = true;

  constructor(queue: string, body: Buffer, properties: Options.Publish) {
    this.queue = queue;
    this.body = body;
    this.properties = properties;
  }

  accept(): void {
    if (!this.returned) this.answer.resolve();
    else this.reject(new PubSubError("NOT_FOUND", `rabbitmq: there is no queue ${JSON.stringify(this.queue)}`));
  }

  reject(error: PubSubError): void {
    this.answer.reject(error);
  }
}

/** The broker also confirms a message that it could not route, but it returns the message first. */
function markReturned({ fields, properties }: Message, unconfirmed: Iterable<Confirmable>): void {
  const messageId: unknown = properties.messageId;
  for (const send of unconfirmed as Iterable<QueueSend>) {
    if (send.returned || send.queue !== fields.routingKey || send.properties.messageId !== messageId) continue;
    send.returned = true;
    return;
  }
}
