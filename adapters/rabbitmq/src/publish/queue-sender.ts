import { PubSubError } from "@anytopic/core/driver";
import type { Message, Options } from "amqplib";
import { answeredInTime } from "../connection/answered.ts";
import { type Confirmable, ConfirmedChannel } from "./confirmed-channel.ts";
import type { Connection } from "../connection.ts";
import { type Again, encodeAgain } from "../wire/encode-again.ts";
import { FRAME_ROOM_BYTES, MAX_HEADER_BYTES } from "../limits.ts";

/** Publishes straight into queues, past every topic: retries, dead letters, redrives. Safe to share. */
export class QueueSender {
  readonly #channel: ConfirmedChannel;
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#channel = new ConfirmedChannel(connection, {
      what: "rabbitmq: send to a queue",
      returned: markReturned,
      again: (request) => this.#publish(request as QueueSend),
    });
  }

  /** How many bytes the headers of a message may take on this connection: they are sent in one frame. */
  get maxHeaderBytes(): number {
    const { frameMax = Infinity } = (this.#connection.model?.connection ?? {}) as { readonly frameMax?: number };
    return Math.min(MAX_HEADER_BYTES, frameMax - FRAME_ROOM_BYTES);
  }

  /** Sends a message that was received again; resolves and rejects as `send`. */
  sendAgain(queue: string, message: Message, again: Again): Promise<void> {
    const { body, properties } = encodeAgain(message, again, this.maxHeaderBytes);
    return this.send(queue, body, properties);
  }

  /**
   * Resolves when the queue has it on disk; rejects with `NOT_FOUND` when there is no such queue, and with `TIMEOUT` when the
   * broker says nothing: a queue without a majority of its nodes does not.
   */
  send(queue: string, body: Buffer, properties: Options.Publish): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const request = new QueueSend(queue, body, { ...properties, mandatory: true }, resolve, reject);
    this.#publish(request);
    return answeredInTime(this.#connection.context.clock, promise).finally(() => (request.awaited = false));
  }

  #publish(request: QueueSend): void {
    if (!request.awaited) return;
    request.returned = false;
    this.#channel.publish("", request.queue, request.body, request.properties, request);
  }

  close(timeoutMs?: number): Promise<void> {
    return this.#channel.close(timeoutMs);
  }
}

class QueueSend implements Confirmable {
  readonly queue: string;
  readonly body: Buffer;
  readonly properties: Options.Publish;
  readonly #resolve: () => void;
  readonly reject: (error: PubSubError) => void;
  returned = false;
  /** Whether somebody still waits for the answer. */
  awaited = true;

  constructor(
    queue: string,
    body: Buffer,
    properties: Options.Publish,
    resolve: () => void,
    reject: (error: PubSubError) => void,
  ) {
    this.queue = queue;
    this.body = body;
    this.properties = properties;
    this.#resolve = resolve;
    this.reject = reject;
  }

  accept(): void {
    if (this.returned)
      this.reject(new PubSubError("NOT_FOUND", `rabbitmq: there is no queue ${JSON.stringify(this.queue)}`));
    else this.#resolve();
  }
}

/** The broker confirms what it could not route, but returns it first. */
function markReturned({ fields, properties }: Message, unconfirmed: Iterable<Confirmable>): void {
  const messageId: unknown = properties.messageId;
  for (const send of unconfirmed) {
    if (!(send instanceof QueueSend) || send.returned) continue;
    if (send.queue !== fields.routingKey || send.properties.messageId !== messageId) continue;
    send.returned = true;
    return;
  }
}
