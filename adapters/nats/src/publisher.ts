import { type DriverPublisher, PubSubError, type PublishRequest } from "@anytopic/core/driver";
import { JetStreamApiError } from "@nats-io/jetstream";
import { errors, type Msg } from "@nats-io/nats-core";
import { encodeHeaders } from "./codec.ts";
import type { Connection, ConnectionListener } from "./connection.ts";
import { LeaderWatch } from "./connection/leader-watch.ts";
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
  readonly #leader: LeaderWatch;
  readonly #unanswered: PublishRequest[] = [];

  constructor(connection: Connection, names: TopicNames) {
    this.#connection = connection;
    this.#names = names;
    this.#leader = new LeaderWatch(connection, names.stream, () => this.#whyNotStored());
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
    this.#leader.close();
  }

  #onReply(request: PublishRequest, reply: Msg): void {
    let outcome;
    try {
      outcome = readPubAck(reply);
    } catch (error) {
      request.reject(toPubSubError(error, this.#what));
      return;
    }
    if (outcome === "stored") {
      if (this.#leader.isMissing) this.#leader.found();
      request.accept();
    } else if (outcome === "no-responders") this.#onNoResponders(request);
    else this.#refuse([request], pubAckError(outcome, this.#what));
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
    const error = (await this.#whyNotStored()) ?? this.#noLeader();
    this.#refuse(this.#unanswered.splice(0), error);
  }

  #refuse(requests: readonly PublishRequest[], error: PubSubError): void {
    if (error.code === "UNAVAILABLE" && this.#connection.connected) this.#leader.missing(error);
    for (const request of requests) request.reject(error);
  }

  #noLeader(): PubSubError {
    return new PubSubError("UNAVAILABLE", `${this.#what}: the stream has no leader at the moment`);
  }

  /** Undefined when the stream exists and has a leader. */
  async #whyNotStored(): Promise<PubSubError | undefined> {
    const { stream, subject } = this.#names;
    try {
      const { config, cluster } = await this.#connection.jsm.streams.info(stream);
      if (cluster !== undefined && cluster.leader === undefined) return this.#noLeader();
      if (config.subjects.includes(subject)) return undefined;
      return new PubSubError("TOPOLOGY_MISMATCH", `${this.#what}: it does not store the subject ${subject}`);
    } catch (error) {
      // Nobody stores it, and nobody says why: no server leads JetStream, or the connection is lost meanwhile.
      if (error instanceof errors.TimeoutError || !this.#connection.connected) return this.#noLeader();
      const known =
        isNotEnabled(error) || (error instanceof JetStreamApiError && error.code !== ErrCode.STREAM_NOT_FOUND);
      return known ? toPubSubError(error, this.#what) : pubAckError("no-responders", this.#what);
    }
  }
}
