import { type DriverPublisher, PubSubError, type PublishRequest } from "@anytopic/core/driver";
import { JetStreamApiError } from "@nats-io/jetstream";
import type { Msg } from "@nats-io/nats-core";
import { encodeHeaders } from "./codec.ts";
import type { Connection, ConnectionListener } from "./connection.ts";
import { ErrCode, isNotEnabled, toPubSubError } from "./errors.ts";
import { natsMessageLimits } from "./message-limits.ts";
import type { TopicNames } from "./names.ts";
import { pubAckError, readPubAck } from "./publish/puback.ts";
import { ReplyInbox } from "./publish/reply-inbox.ts";

const LIMITS = natsMessageLimits();

/** Publishes to one topic: plain NATS publishes with a reply subject, which the stream confirms. */
export class NatsPublisher implements DriverPublisher {
  readonly sizeOf: DriverPublisher["sizeOf"] = LIMITS.sizeOf;
  readonly refusal: NonNullable<DriverPublisher["refusal"]> = LIMITS.refusal;
  readonly #connection: Connection;
  readonly #names: TopicNames;
  readonly #inbox: ReplyInbox<PublishRequest>;
  readonly #listener: ConnectionListener;
  readonly #unanswered: PublishRequest[] = [];

  constructor(connection: Connection, names: TopicNames) {
    this.#connection = connection;
    this.#names = names;
    this.#inbox = new ReplyInbox(connection, {
      replied: (request, reply) => this.#onReply(request, reply),
      lost: (request, error) => request.reject(error),
      isAwaited: (request) => request.awaited,
    });
    this.#listener = {
      refused: (subject, error) => {
        if (subject === names.subject) this.#inbox.rejectAll(error);
      },
    };
    connection.listen(this.#listener);
  }

  publish(batch: readonly PublishRequest[]): void {
    const { subject } = this.#names;
    for (const request of batch) this.#inbox.ask(subject, request.body, encodeHeaders(request, "event"), request);
  }

  async close(): Promise<void> {
    this.#connection.unlisten(this.#listener);
    this.#inbox.close();
  }

  #onReply(request: PublishRequest, reply: Msg): void {
    let outcome;
    try {
      outcome = readPubAck(reply);
    } catch (error) {
      request.reject(toPubSubError(error, this.#what));
      return;
    }
    if (outcome === "stored") request.accept();
    else if (outcome === "no-responders") this.#onNoResponders(request);
    else request.reject(pubAckError(outcome, this.#what));
  }

  get #what(): string {
    return `publish to stream ${this.#names.stream}`;
  }

  /** The stream does not exist, or has no leader at the moment. One question finds out for all requests. */
  #onNoResponders(request: PublishRequest): void {
    this.#unanswered.push(request);
    if (this.#unanswered.length === 1) void this.#findOutWhy();
  }

  async #findOutWhy(): Promise<void> {
    const error = await this.#whyNoResponders();
    for (const request of this.#unanswered.splice(0)) request.reject(error);
  }

  async #whyNoResponders(): Promise<PubSubError> {
    const { stream, subject } = this.#names;
    try {
      const { config } = await this.#connection.jsm.streams.info(stream);
      return config.subjects.includes(subject)
        ? new PubSubError("UNAVAILABLE", `${this.#what}: the stream has no leader at the moment`)
        : new PubSubError("TOPOLOGY_MISMATCH", `${this.#what}: it does not store the subject ${subject}`);
    } catch (error) {
      const known =
        isNotEnabled(error) || (error instanceof JetStreamApiError && error.code !== ErrCode.STREAM_NOT_FOUND);
      return known ? toPubSubError(error, this.#what) : pubAckError("no-responders", this.#what);
    }
  }
}
