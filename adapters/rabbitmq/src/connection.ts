import {
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
  type SocketOptions,
} from "amqplib";
import type { BrokerAddress } from "./connection/address.ts";
import { answeredInTime } from "./connection/answered.ts";
import { closeWithin, hearErrors } from "./connection/channels.ts";
import { coalesceWrites } from "./connection/coalesce-writes.ts";
import { guardFrames } from "./connection/guard-frames.ts";
import { codeOf, toPubSubError } from "./errors.ts";
import type { CheckedOptions } from "./options.ts";

export type ConnectionPurpose = "publish" | "consume" | "letters";

/** Who lives on a connection. Methods must not throw. */
export interface ConnectionUser {
  /** There is a connection (again). */
  up(): void;
  /** It is gone with every channel on it. */
  down(error: PubSubError): void;
  /** The broker takes no more publishes for now (`connection.blocked`), or takes them again. */
  blocked?(blocked: boolean): void;
}

/** The shortest share of an attempt when there are many nodes: a handshake with TLS over a long line takes about as long. */
const MIN_ATTEMPT_MS = 500;
/** How long the socket of an ended connection may still send what is in it. */
const LINGER_MS = 1000;

/**
 * One TCP connection, repaired for ever: waits with jitter between attempts, takes the nodes in turn, and tells its users
 * of every loss and return. amqplib's own recovery is not used: it leaves a window without error listeners, and channels
 * are ours to restore anyway.
 */
export class Connection {
  readonly #options: CheckedOptions;
  readonly context: DriverContext;
  readonly #purpose: ConnectionPurpose;
  readonly #status: ConnectionStatus<ConnectionPurpose>;
  readonly #users = new Set<ConnectionUser>();
  #model: ChannelModel | undefined;
  #blocked = false;
  /** The server's `max_message_size` in bytes, as far as one of its refusals has told it. */
  maxMessageBytes: number = Number.POSITIVE_INFINITY;
  #closed = false;
  readonly #connecting = new AbortController();
  #destroySocket: () => void = () => {};
  #timer: TimerHandle;
  #failures = 0;
  #turn = 0;
  #error = new PubSubError("UNAVAILABLE", "rabbitmq: not connected yet");

  constructor(
    options: CheckedOptions,
    context: DriverContext,
    purpose: ConnectionPurpose,
    status: ConnectionStatus<ConnectionPurpose>,
  ) {
    this.#options = options;
    this.context = context;
    this.#purpose = purpose;
    this.#status = status;
  }

  /** amqplib's object of the moment. */
  get model(): ChannelModel | undefined {
    return this.#model;
  }

  get isBlocked(): boolean {
    return this.#blocked;
  }

  /** Why there is no connection, when there is none. */
  get error(): PubSubError {
    return this.#error;
  }

  /** Which node the next attempt goes to. */
  get turn(): number {
    return this.#turn;
  }

  /**
   * One attempt per node, until one is connected; when there is none it rejects, best with what further attempts will not
   * change. With `withinMs` for all of them together: what is left of it is divided among the nodes that are left.
   */
  async open(signal?: AbortSignal, withinMs: number = Number.POSITIVE_INFINITY): Promise<void> {
    const { addresses, connectTimeoutMs } = this.#options;
    const leftMs = timeLeft(this.context.clock, withinMs);
    let worst: PubSubError | undefined;
    for (let left = addresses.length; left > 0; left -= 1) {
      const shareMs = Math.max(MIN_ATTEMPT_MS, leftMs() / left);
      try {
        await this.#connect(Math.min(connectTimeoutMs, shareMs), signal);
        return;
      } catch (cause) {
        signal?.throwIfAborted();
        const error = toPubSubError("rabbitmq", cause);
        if (worst?.retryable !== false) worst = error;
        if (this.#closed) break;
      }
    }
    throw worst ?? this.#error;
  }

  /**
   * As `open`, beginning with the node of this turn. Resolves whatever came of it: if nothing, other rounds follow until
   * there is a connection.
   */
  async start(turn: number = this.#turn): Promise<void> {
    this.#turn = turn;
    try {
      await this.open();
    } catch (error) {
      this.#retryLater(toPubSubError("rabbitmq", error));
    }
  }

  addUser(user: ConnectionUser): void {
    this.#users.add(user);
  }

  removeUser(user: ConnectionUser): void {
    this.#users.delete(user);
  }

  /** A channel with every listener that keeps it from tearing the connection down; rejects with `UNAVAILABLE` while there is no connection. */
  openChannel(): Promise<Channel> {
    return this.#opened((model) => model.createChannel());
  }

  openConfirmChannel(): Promise<ConfirmChannel> {
    return this.#opened((model) => model.createConfirmChannel());
  }

  /** Says goodbye for as long as `timeoutMs` permits; then no socket is left, whatever the line or the broker did. */
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
    const opening = open(this.#up());
    try {
      return hearErrors(await answeredInTime(clock, opening), logger);
    } catch (error) {
      // One that comes too late is nobody's.
      void opening.then(
        (channel) => closeWithin(clock, hearErrors(channel, logger)),
        () => {},
      );
      throw error;
    }
  }

  #up(): ChannelModel {
    if (this.#model !== undefined) return this.#model;
    throw this.#error;
  }

  async #connect(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const address = this.#options.addresses[this.#turn++ % this.#options.addresses.length] as BrokerAddress;
    const what = `rabbitmq: ${address.display}`;
    const socket = new AbortController();
    // Detached once connected: a caller's signal ends his call, not the connection.
    const attempt = AbortSignal.any(
      signal === undefined ? [this.#connecting.signal] : [this.#connecting.signal, signal],
    );
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
      model = await connect(connectTarget(address, this.#options), this.#socketOptions(address, socket.signal));
    } catch (error) {
      if (this.#closed) throw this.#error;
      signal?.throwIfAborted();
      if (!late) throw toPubSubError(what, error);
      const silence = `no connection within ${Math.round(timeoutMs)} ms`;
      throw toPubSubError(what, new PubSubError("UNAVAILABLE", silence, { cause: error }));
    } finally {
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

  #socketOptions(address: BrokerAddress, signal: AbortSignal): SocketOptions & { signal: AbortSignal } {
    return {
      ...this.#options.tls,
      // Acks and publishes are small: with Nagle's algorithm each would wait for the other side's delayed TCP ack.
      noDelay: true,
      keepAlive: true,
      // Ours is for all of an attempt, not for one silence of it.
      timeout: 0,
      credentials: credentials.plain(address.username, address.password),
      clientProperties: { connection_name: `${this.#options.connectionName} ${this.#purpose}` },
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
      this.#lost(model, toPubSubError(what, lastError ?? error ?? new Error("Unexpected close")), destroySocket),
    );
    model.on("blocked", (reason) => this.#setBlocked(true, `${what}: the broker takes no publishes: ${reason}`));
    model.on("unblocked", () => this.#setBlocked(false, what));
    const again = this.#failures > 0;
    this.#failures = 0;
    this.#model = model;
    // It may be another server, or another configuration.
    this.maxMessageBytes = Number.POSITIVE_INFINITY;
    this.#destroySocket = destroySocket;
    if (again) this.context.logger.info({ connection: this.#purpose }, `${what}: connected again`);
    this.#status.report(this.#purpose, "up");
    for (const user of this.#users) user.up();
  }

  #setBlocked(blocked: boolean, message: string): void {
    this.#blocked = blocked;
    if (blocked) {
      this.context.logger.warn({ connection: this.#purpose }, message);
      this.#status.report(this.#purpose, "degraded", new PubSubError("RESOURCE_EXHAUSTED", message));
    } else {
      this.#status.report(this.#purpose, "up");
    }
    for (const user of this.#users) user.blocked?.(blocked);
  }

  #lost(model: ChannelModel, cause: PubSubError, destroySocket: () => void): void {
    this.context.clock.setTimer(destroySocket, LINGER_MS);
    if (this.#model !== model) return;
    this.#model = undefined;
    this.#blocked = false;
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
    // Keeps the process alive, as the connection did.
    this.#timer = this.context.clock.setTimer(
      () => void this.start(),
      retryPauseMs(this.#failures, this.context.random, error),
      true,
    );
  }
}

function connectTarget(address: BrokerAddress, options: CheckedOptions): Parameters<typeof connect>[0] {
  return {
    protocol: address.secure ? "amqps" : "amqp",
    hostname: address.host,
    port: address.port,
    vhost: encodeURIComponent(address.vhost),
    heartbeat: options.heartbeatSeconds,
    frameMax: 131_072,
  };
}
