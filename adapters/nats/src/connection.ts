import { AtMost, CLOSE_GRACE_MS, type DriverContext, PubSubError, timeLeft, within } from "@anytopic/core/driver";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import { createInbox, type NatsConnection, PermissionViolationError, type Status } from "@nats-io/nats-core";
import { AnswerWatch } from "./connection/answer-watch.ts";
import { Client } from "./connection/client.ts";
import { dial, requirePayload } from "./connection/dial.ts";
import { toPubSubError } from "./errors.ts";
import type { CheckedOptions } from "./options.ts";
import { KeptSettles } from "./settle/kept-settles.ts";

/** A part of the driver that needs to know about the connection. */
export interface ConnectionListener {
  /** Whatever was under way is lost, or nobody knows. */
  disconnected?(error: PubSubError): void;
  reconnected?(): void;
  /** The driver closes. */
  closed?(): void;
  /** The server refused a publish, or a subscription, on this subject. */
  refused?(subject: string, error: PubSubError): void;
}

/** The client's reports on its connection, until `stop`, which is not part of its types. */
type Statuses = AsyncIterable<Status> & { stop?(): void };

/** After so many unanswered probes in a row the connection is dropped. */
const MAX_UNANSWERED = 2;
/** How long a flush waits when the server has not answered an earlier one. */
const SILENT_FLUSH_MS = 250;

/** A server creates streams and consumers one after the other, each more slowly the more there are, and a request has 5 s. */
const CREATED_AT_ONCE = 3;

/** The one connection of a driver. The client repairs it for ever; this class watches it, and reports its state. */
export class Connection {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  readonly context: DriverContext;
  readonly options: CheckedOptions;
  readonly settles: KeptSettles;
  /** Whatever creates streams and consumers. */
  readonly creating: AtMost = new AtMost(CREATED_AT_ONCE);
  readonly #client: Client;
  readonly #answers: AnswerWatch;
  readonly #listeners = new Set<ConnectionListener>();
  readonly #statuses: Statuses;
  #state: "up" | "down" | "closed" = "up";
  /** Set when the server has announced its shutdown, until the next connection. */
  #lameDuck: PubSubError | undefined;
  /** Streams that store nothing at the moment, with the reason. */
  readonly #refusals = new Map<string, PubSubError>();
  /** The last flush was not answered in time. */
  #silent = false;
  #closing: Promise<void> | undefined;

  private constructor(client: Client, jsm: JetStreamManager, options: CheckedOptions, context: DriverContext) {
    this.#client = client;
    this.nc = client.nc;
    this.settles = new KeptSettles(client.nc, context.clock);
    this.jsm = jsm;
    this.options = options;
    this.context = context;
    this.#answers = new AnswerWatch(context.clock, options.pingIntervalMs, {
      ask: async () => this.nc.flush(),
      received: () => client.nc.stats().inMsgs,
      answering: () => this.#onAnswer(),
      silent: (unanswered) => this.#onSilence(unanswered),
    });
    this.#statuses = client.nc.status();
  }

  static async open(options: CheckedOptions, context: DriverContext, signal?: AbortSignal): Promise<Connection> {
    signal?.throwIfAborted();
    const client =
      options.connection === undefined
        ? await dial(options, context, signal)
        : Client.adopt(options.connection, context);
    try {
      const domain = options.domain === undefined ? {} : { domain: options.domain };
      const jsm = await jetstreamManager(client.nc, { checkAPI: false, ...domain });
      requirePayload(client.nc, options.maxPayloadBytes);
      const connection = new Connection(client, jsm, options, context);
      void connection.#watch();
      connection.#answers.start();
      context.status("up");
      return connection;
    } catch (error) {
      await client.close(CLOSE_GRACE_MS);
      throw toPubSubError(error, "connect to NATS");
    }
  }

  get connected(): boolean {
    return this.#state === "up";
  }

  /** A new subject for replies. */
  newInbox(): string {
    return createInbox(this.options.inboxPrefix);
  }

  listen(listener: ConnectionListener): void {
    this.#listeners.add(listener);
  }

  unlisten(listener: ConnectionListener): void {
    this.#listeners.delete(listener);
  }

  /** What to reject with while there is no connection. */
  unavailable(): PubSubError {
    if (this.#state === "closed") return new PubSubError("CLOSED", "the connection to NATS is closed");
    return new PubSubError("UNAVAILABLE", "not connected to NATS; reconnecting");
  }

  /** True when the server has read everything that was sent before; false when it has not within `timeoutMs`. */
  async flush(timeoutMs: number = CLOSE_GRACE_MS): Promise<boolean> {
    if (this.#state === "closed") return false;
    const waitMs = this.#silent ? Math.min(timeoutMs, SILENT_FLUSH_MS) : timeoutMs;
    const flushed = this.waitUntilConnected().then(async () => this.settles.flush());
    // A late answer counts too.
    flushed.then(
      () => (this.#silent = false),
      () => {},
    );
    this.#silent = !(await within(this.context.clock, waitMs, flushed));
    return !this.#silent;
  }

  /** A stream stores nothing at the moment, though there is a connection; without an error, it stores again. */
  setRefusal(stream: string, error: PubSubError | undefined): void {
    if (error !== undefined) this.#refusals.set(stream, error);
    else if (!this.#refusals.delete(stream)) return;
    if (this.#state === "up" && !this.#answers.isSilent) this.#reportAnswering();
  }

  /** Ends the connection for a new one: its server does not answer. */
  drop(): void {
    this.#client.drop();
  }

  /** Resolves when there is a connection; rejects when this one is closed. */
  async waitUntilConnected(): Promise<void> {
    if (this.#state === "up") return;
    if (this.#state === "closed") throw this.unavailable();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const listener: ConnectionListener = { reconnected: resolve, closed: () => reject(this.unavailable()) };
    this.listen(listener);
    await promise.finally(() => this.unlisten(listener));
  }

  /** Resolves within `timeoutMs`; then no socket and no timer is left. */
  async close(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    await this.#closing;
  }

  async #close(timeoutMs: number): Promise<void> {
    const leftMs = timeLeft(this.context.clock, timeoutMs);
    // Half of the time for an orderly end, the rest for the client.
    if (this.#state === "up") await this.flush(timeoutMs / 2);
    this.#state = "closed";
    this.#answers.stop();
    this.settles.close();
    for (const listener of this.#listeners) listener.closed?.();
    this.#listeners.clear();
    // A connection that was handed in stays open, and would keep this object.
    this.#statuses.stop?.();
    await this.#client.close(leftMs());
  }

  async #watch(): Promise<void> {
    for await (const status of this.#statuses) this.#onStatus(status);
  }

  #onStatus(status: Status): void {
    if (this.#state === "closed") return;
    if (status.type === "disconnect") this.#onDisconnect();
    else if (status.type === "reconnect") this.#onReconnect();
    else if (status.type === "ldm") {
      this.#lameDuck = new PubSubError("UNAVAILABLE", "the NATS server is shutting down (lame duck mode)");
      this.context.status("degraded", this.#lameDuck);
    } else if (status.type === "close") {
      const error = new PubSubError("UNAVAILABLE", "the connection to NATS was closed for good");
      this.#onDisconnect(error);
      this.context.status("down", error);
    } else if (status.type === "error") this.#onError(status.error);
  }

  #onDisconnect(error: PubSubError = new PubSubError("UNAVAILABLE", "the connection to NATS was lost")): void {
    if (this.#state !== "up") return;
    this.#state = "down";
    this.settles.disconnected();
    this.#answers.stop();
    this.context.status("reconnecting", error);
    for (const listener of this.#listeners) listener.disconnected?.(error);
  }

  #onReconnect(): void {
    // The client reports it twice when an earlier dial fails late.
    if (this.#state !== "down") return;
    this.#state = "up";
    this.#silent = false;
    this.#lameDuck = undefined;
    this.#client.redials = 0;
    this.#answers.start();
    this.settles.reconnected();
    this.#reportAnswering();
    for (const listener of this.#listeners) listener.reconnected?.();
  }

  #onAnswer(): void {
    this.#silent = false;
    if (this.#state !== "up") return;
    this.#reportAnswering();
  }

  #reportAnswering(): void {
    const [refusal] = this.#refusals.values();
    const problem = this.#lameDuck ?? refusal;
    if (problem === undefined) this.context.status("up");
    else this.context.status("degraded", problem);
  }

  #onSilence(unanswered: number): void {
    if (this.#state !== "up") return;
    this.#silent = true;
    this.context.status("degraded", new PubSubError("UNAVAILABLE", "the NATS server does not answer"));
    if (unanswered >= MAX_UNANSWERED) this.drop();
  }

  #onError(error: Error): void {
    const mapped = toPubSubError(error, "NATS server");
    this.context.logger.warn({ code: mapped.code }, mapped.message);
    // For health(): why the reconnect fails, for instance because of rejected credentials.
    if (this.#state === "down") this.context.status("reconnecting", mapped);
    if (!(error instanceof PermissionViolationError)) return;
    for (const listener of this.#listeners) listener.refused?.(error.subject, mapped);
  }
}
