import { PubSubError, type TimerHandle } from "@anytopic/core/driver";
import type { Message, Options } from "amqplib";
import { answeredInTime } from "../connection/channels.ts";
import type { Connection } from "../connection.ts";
import { FRAME_ROOM_BYTES, MAX_HEADER_BYTES, SILENT_QUEUE_MS } from "../limits.ts";
import { type Again, encodeAgain } from "../wire/encode-again.ts";
import type { Confirmable } from "./confirmable.ts";
import { ConfirmedChannel } from "./confirmed-channel.ts";

/** The least pause before the oldest message is looked at again, in ms. */
const LOOK_AGAIN_MS = 1000;

/**
 * Publishes directly to queues, not through the exchange of a topic: retries, dead letters, redrives. Safe to share.
 *
 * All queues share one channel, until one does not answer. To the first message for a queue without a leader, the server's channel waits
 * for that queue, up to 62 s, and takes nothing else meanwhile (seen on 3.10.8). So such a queue keeps that channel for itself, and the
 * others get a new one. See docs/adr/116-rabbitmq-silent-queues.md.
 */
export class QueueSender {
  readonly #connection: Connection;
  /** The channels of queues that once did not answer in time. */
  readonly #ofQueues = new Map<string, ConfirmedChannel>();
  /** What the shared channel has not been answered, the oldest first. */
  #unanswered = new Set<QueueSend>();
  #shared: ConfirmedChannel;
  #watch: TimerHandle;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#shared = this.#newChannel();
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
    const { clock } = this.#connection.context;
    const request = new QueueSend(queue, body, { ...properties, mandatory: true }, clock.monotonicNow());
    const channel = this.#ofQueues.get(queue);
    const unanswered = this.#unanswered;
    if (channel === undefined) {
      unanswered.add(request);
      this.#watchAnswers();
    }
    this.#publish(request, channel ?? this.#shared);
    return answeredInTime(clock, request.answer.promise).finally(() => {
      request.awaited = false;
      unanswered.delete(request);
    });
  }

  async close(timeoutMs?: number): Promise<void> {
    this.#connection.context.clock.clearTimer(this.#watch);
    this.#unanswered = new Set();
    await Promise.all([this.#shared, ...this.#ofQueues.values()].map((channel) => channel.close(timeoutMs)));
  }

  #newChannel(): ConfirmedChannel {
    const channel: ConfirmedChannel = new ConfirmedChannel(this.#connection, {
      exchange: "",
      what: "rabbitmq: send to a queue",
      returned: markReturned,
      again: (request) => this.#publish(request as QueueSend, channel),
    });
    return channel;
  }

  #publish(request: QueueSend, channel: ConfirmedChannel): void {
    request.returned = false;
    channel.publish(request.queue, request.body, request.properties, request);
  }

  /** One timer for all, and none while everything is answered. */
  #watchAnswers(): void {
    const { clock } = this.#connection.context;
    const [oldest] = this.#unanswered;
    if (this.#watch !== undefined || oldest === undefined) return;
    const leftMs = oldest.sentMs + SILENT_QUEUE_MS - clock.monotonicNow();
    this.#watch = clock.setTimer(() => this.#look(), Math.max(leftMs, LOOK_AGAIN_MS));
  }

  #look(): void {
    this.#watch = undefined;
    const { context, model, isBlocked } = this.#connection;
    const [oldest] = this.#unanswered;
    const isLate = oldest !== undefined && context.clock.monotonicNow() - oldest.sentMs >= SILENT_QUEUE_MS;
    // While there is no connection, or the broker takes nothing from it, that says nothing about the queue.
    if (isLate && model !== undefined && !isBlocked) this.#part(oldest.queue);
    this.#watchAnswers();
  }

  /** What was sent to the other queues stays, and is answered when the silent one is, or times out. */
  #part(queue: string): void {
    const waitMs = SILENT_QUEUE_MS;
    this.#connection.context.logger.warn(
      { queue, waitMs },
      "rabbitmq: a queue does not answer: others no longer wait for it",
    );
    this.#ofQueues.set(queue, this.#shared);
    this.#shared = this.#newChannel();
    this.#unanswered = new Set();
  }
}

class QueueSend implements Confirmable {
  readonly queue: string;
  readonly body: Buffer;
  readonly properties: Options.Publish;
  readonly answer: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  /** Monotonic ms. */
  readonly sentMs: number;
  returned = false;
  awaited = true;

  constructor(queue: string, body: Buffer, properties: Options.Publish, sentMs: number) {
    this.sentMs = sentMs;
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
