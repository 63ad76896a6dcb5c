import {
  AtMost,
  type ConnectionStatus,
  type DriverContext,
  PubSubError,
  retryPauseMs,
  timeLeft,
  type TimerHandle,
} from "@anytopic/core/driver";
import {
  type Channel,
  type ChannelModel,
  type ConfirmChannel,
  connect,
  credentials,
  type Options,
  type SocketOptions,
} from "amqplib";
import type { BrokerAddress } from "./connection/address.ts";
import { answeredInTime, closeWithin, hearErrors, thenClosed } from "./connection/channels.ts";
import { coalesceWrites } from "./connection/coalesce-writes.ts";
import { guardFrames } from "./connection/guard-frames.ts";
import { type ServerFeatures, serverFeatures } from "./connection/server.ts";
import { codeOf, toPubSubError } from "./errors.ts";
import { MAX_SHORT_CHANNELS } from "./limits.ts";
import type { CheckedOptions } from "./options.ts";

/** One with a number is one more of that purpose, see `ConnectionPool`. */
export type ConnectionPurpose = "publish" | "consume" | "letters" | `${"publish" | "consume"} ${number}`;

/** A part that has channels on a connection. Methods must not throw. */
export interface ConnectionUser {
  /** The connection is open, for the first time or again. */
  up(): void;
  /** It is lost, with every channel on it. */
  down(error: PubSubError): void;
  /** The broker stops taking publishes (`connection.blocked`), or takes them again. */
  blocked?(): void;
}

/** The least time for one attempt when there are many nodes: about as long as a TLS handshake over a slow line. */
const MIN_ATTEMPT_MS = 500;
/** How long the socket of an ended connection may still send what is in its buffer. */
const LINGER_MS = 1000;

/**
 * One TCP connection that reconnects for ever: it pauses with jitter between attempts, takes the nodes in turn, and tells its
 * users about every loss and reconnect. amqplib's own recovery is not used: for a moment it has no error listeners, and we
 * have to restore the channels anyway.
 */
export class Connection {
  readonly options: CheckedOptions;
  readonly context: DriverContext;
  readonly #purpose: ConnectionPurpose;
  readonly #status: ConnectionStatus<ConnectionPurpose>;
  readonly #users = new Set<ConnectionUser>();
  readonly #shortChannels = new AtMost(MAX_SHORT_CHANNELS);
  #model: ChannelModel | undefined;
  /** Whether the broker takes no publishes at the moment. */
  isBlocked = false;
  /** The server's `max_message_size` in bytes; known after its first refusal. */
  maxMessageBytes: number = Number.POSITIVE_INFINITY;
  /** The last server that it was connected to. */
  server: ServerFeatures = { name: "RabbitMQ", nackCounts: true, takesCredit: false };
  #closed = false;
  readonly #connecting = new AbortController();
  #destroySocket = (): void => {};
  #timer: TimerHandle;
  #failures = 0;
  /** The number of the next attempt, which chooses the node. */
  turn = 0;
  #error = new PubSubError("UNAVAILABLE", "rabbitmq: not connected yet");

  constructor(
    options: CheckedOptions,
    context: DriverContext,
    purpose: ConnectionPurpose,
    status: ConnectionStatus<ConnectionPurpose>,
  ) {
    this.options = options;
    this.context = context;
    this.#purpose = purpose;
    this.#status = status;
  }

  /** amqplib's current object; undefined while there is no connection. */
  get model(): ChannelModel | undefined {
    return this.#model;
  }

  /** Why there is no connection. */
  get error(): PubSubError {
    return this.#error;
  }

  /**
   * One attempt per node, until one is connected. If all fail it rejects, if possible with an error that is not `retryable`.
   * `withinMs` is for all attempts together: each gets an equal share of the time that is left.
   */
  async open(signal?: AbortSignal, withinMs: number = Number.POSITIVE_INFINITY): Promise<void> {
    const { addresses, connectTimeoutMs } = this.options;
    const leftMs = timeLeft(this.context.clock, withinMs);
    let worst: PubSubError | undefined;
    for (let left = addresses.length; left > 0; left -= 1) {
      const shareMs = Math.max(MIN_ATTEMPT_MS, leftMs() / left);
      try {
        await this.#connect(Math.min(connectTimeoutMs, shareMs), signal);
        return;
      } catch (cause) {
        signal?.throwIfAborted();
        const error = toPubSubError(cause, "rabbitmq");
        if (worst?.retryable !== false) worst = error;
        if (this.#closed) break;
      }
    }
    throw worst ?? this.#error;
  }

  /** Like `open`, beginning with the node of this turn. Never rejects: after a failure it tries again until it is connected. */
  async start(turn: number = this.turn): Promise<void> {
    this.turn = turn;
    try {
      await this.open();
    } catch (error) {
      this.#retryLater(toPubSubError(error, "rabbitmq"));
    }
  }

  addUser(user: ConnectionUser): void {
    this.#users.add(user);
  }

  removeUser(user: ConnectionUser): void {
    this.#users.delete(user);
  }

  /** Rejects with `UNAVAILABLE` while there is no connection. The channel has the listeners of `hearErrors`. */
  openChannel(): Promise<Channel> {
    return this.#opened((model) => model.createChannel());
  }

  openConfirmChannel(): Promise<ConfirmChannel> {
    return this.#opened((model) => model.createConfirmChannel());
  }

  /**
   * Runs `use`, which is soon done, on its own channel: one failed declaration closes the channel that it was sent on. At most
   * `MAX_SHORT_CHANNELS` are open at once, since statistics of many subscriptions need thousands. `use` must not call this.
   */
  withChannel<Result>(use: (channel: Channel) => Promise<Result>): Promise<Result> {
    return this.#shortChannels.run(() => this.withLongChannel(use));
  }

  /** Runs `use` on its own channel, however long it takes. */
  async withLongChannel<Result>(use: (channel: Channel) => Promise<Result>): Promise<Result> {
    return await thenClosed(this.context.clock, await this.openChannel(), use);
  }

  /** Closes politely within `timeoutMs`, then destroys the socket, whatever the line or the broker does. */
  async close(timeoutMs?: number): Promise<void> {
    this.#closed = true;
    this.#error = new PubSubError("CLOSED", "rabbitmq: the connection was closed");
    this.context.clock.clearTimer(this.#timer);
    this.#connecting.abort();
    const model = this.#model;
    this.#model = undefined;
    if (model !== undefined) await closeWithin(this.context.clock, model, timeoutMs);
    this.#destroySocket();
  }

  async #opened<Any extends Channel>(open: (model: ChannelModel) => Promise<Any>): Promise<Any> {
    const { clock, logger } = this.context;
    if (this.#model === undefined) throw this.#error;
    const opening = open(this.#model);
    try {
      return hearErrors(await answeredInTime(clock, opening), logger);
    } catch (error) {
      // A channel that opens too late is closed.
      void opening.then(
        (channel) => closeWithin(clock, hearErrors(channel, logger)),
        () => {},
      );
      throw error;
    }
  }

  async #connect(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const address = this.options.addresses[this.turn++ % this.options.addresses.length] as BrokerAddress;
    const what = `rabbitmq: ${address.display}`;
    const socket = new AbortController();
    const attempt = AbortSignal.any([this.#connecting.signal, ...(signal === undefined ? [] : [signal])]);
    const abort = (): void => socket.abort();
    attempt.addEventListener("abort", abort);
    let late = false;
    const giveUp = (): void => {
      late = true;
      abort();
    };
    const timer = this.context.clock.setTimer(giveUp, timeoutMs, true);
    let model: ChannelModel;
    try {
      attempt.throwIfAborted();
      model = await connect(this.#target(address), this.#socketOptions(address, socket.signal));
    } catch (error) {
      if (this.#closed) throw this.#error;
      signal?.throwIfAborted();
      if (!late) throw toPubSubError(error, what);
      throw new PubSubError("UNAVAILABLE", `no connection within ${Math.round(timeoutMs)} ms`, { cause: error });
    } finally {
      // Once connected, the caller's signal no longer ends the connection.
      this.context.clock.clearTimer(timer);
      attempt.removeEventListener("abort", abort);
    }
    if (this.#closed) {
      model.on("error", () => {});
      abort();
      throw this.#error;
    }
    this.#adopt(model, what, abort);
  }

  #target({ secure, host: hostname, port, vhost }: BrokerAddress): Options.Connect {
    const protocol = secure ? "amqps" : "amqp";
    const heartbeat = this.options.heartbeatSeconds;
    return { protocol, hostname, port, vhost: encodeURIComponent(vhost), heartbeat, frameMax: 131_072 };
  }

  #socketOptions(address: BrokerAddress, signal: AbortSignal): SocketOptions & { signal: AbortSignal } {
    return {
      ...this.options.tls,
      // Acks and publishes are small: with Nagle's algorithm each would wait for the broker's delayed TCP ack.
      noDelay: true,
      keepAlive: true,
      // Our own limit covers the whole attempt; amqplib's would be for each silence.
      timeout: 0,
      credentials: credentials.plain(address.username, address.password),
      clientProperties: { connection_name: `${this.options.connectionName} ${this.#purpose}` },
      signal,
    };
  }

  #adopt(model: ChannelModel, what: string, destroySocket: () => void): void {
    coalesceWrites(model);
    guardFrames(model);
    let lastError: unknown;
    model.on("error", (error) => (lastError = error));
    model.on("handler-error", (error) => this.context.logger.error({ err: error }, "rabbitmq: a listener threw"));
    model.on("close", (error) =>
      this.#lost(model, toPubSubError(lastError ?? error ?? new Error("Unexpected close"), what), destroySocket),
    );
    model.on("blocked", (reason) =>
      this.#setBlocked(new PubSubError("RESOURCE_EXHAUSTED", `${what}: the broker takes no publishes: ${reason}`)),
    );
    model.on("unblocked", () => this.#setBlocked());
    if (this.#failures > 0) this.context.logger.info({ connection: this.#purpose }, `${what}: reconnected`);
    this.#failures = 0;
    this.#model = model;
    // It may be another server, another version or another configuration.
    this.server = serverFeatures(model);
    this.maxMessageBytes = Number.POSITIVE_INFINITY;
    this.#destroySocket = destroySocket;
    this.#status.report(this.#purpose, "up");
    for (const user of this.#users) user.up();
  }

  /** @param error why the broker takes no publishes; undefined when it takes them again */
  #setBlocked(error?: PubSubError): void {
    this.isBlocked = error !== undefined;
    if (error !== undefined) this.context.logger.warn({ connection: this.#purpose }, error.message);
    this.#status.report(this.#purpose, error === undefined ? "up" : "degraded", error);
    for (const user of this.#users) user.blocked?.();
  }

  #lost(model: ChannelModel, cause: PubSubError, destroySocket: () => void): void {
    this.context.clock.setTimer(destroySocket, LINGER_MS);
    if (this.#model !== model) return;
    this.#model = undefined;
    this.isBlocked = false;
    const error = new PubSubError("UNAVAILABLE", `connection lost: ${cause.message}`, { cause });
    for (const user of this.#users) user.down(error);
    this.context.logger.warn({ connection: this.#purpose, code: codeOf(cause.cause) }, error.message);
    this.#retryLater(error);
  }

  #retryLater(error: PubSubError): void {
    if (this.#closed) return;
    this.#error = error;
    this.#failures += 1;
    this.#status.report(this.#purpose, error.retryable ? "reconnecting" : "down", error);
    // The timer keeps the process alive, as the connection did.
    this.#timer = this.context.clock.setTimer(
      () => void this.start(),
      retryPauseMs(this.#failures, this.context.random, error),
      true,
    );
  }
}
