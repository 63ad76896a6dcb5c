import { type Logger, PubSubError } from "@anytopic/core/driver";
import type { Message, Options } from "amqplib";
import { type Confirmable, ConfirmedChannel } from "./confirmed-channel.ts";
import type { Connection } from "./connection.ts";
import { type Again, encodeAgain } from "./encode-again.ts";
import { FRAME_ROOM_BYTES, MAX_HEADER_BYTES } from "./limits.ts";

/** Publishes straight into queues, past every topic: retries, dead letters, redrives. Safe to share. */
export class QueueSender {
  readonly #channel: ConfirmedChannel;
  readonly #connection: Connection;

  constructor(connection: Connection, logger: Logger) {
    this.#connection = connection;
    this.#channel = new ConfirmedChannel(connection, logger, "rabbitmq: send to a queue", markReturned);
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

  /** Resolves when the queue has it on disk; rejects with `NOT_FOUND` when there is no such queue. */
  send(queue: string, body: Buffer, properties: Options.Publish): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = new QueueSend(queue, body, properties.messageId, resolve, reject);
      this.#channel.publish("", queue, body, { ...properties, mandatory: true }, request);
    });
  }

  close(): Promise<void> {
    return this.#channel.close();
  }
}

class QueueSend implements Confirmable {
  readonly queue: string;
  readonly body: Buffer;
  readonly messageId: string | undefined;
  readonly #resolve: () => void;
  readonly reject: (error: PubSubError) => void;
  returned = false;

  constructor(
    queue: string,
    body: Buffer,
    messageId: string | undefined,
    resolve: () => void,
    reject: (error: PubSubError) => void,
  ) {
    this.queue = queue;
    this.body = body;
    this.messageId = messageId;
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
    if (send.queue !== fields.routingKey || send.messageId !== messageId) continue;
    send.returned = true;
    return;
  }
}
