import {
  CLOSE_GRACE_MS,
  PubSubError,
  timeLeft,
  within,
  type DriverContext,
  type TimerHandle,
} from "@anytopic/core/driver";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import { createInbox, PermissionViolationError, type NatsConnection, type Status } from "@nats-io/nats-core";
import { ACK, AckWriter } from "./settle/ack-writer.ts";
import { AnswerWatch } from "./receive/answer-watch.ts";
import { clientHooks } from "./connection/client-hooks.ts";
import { Client, type Statuses } from "./connection/client.ts";
import { dial, requirePayload } from "./connection/dial.ts";
import { toPubSubError } from "./errors.ts";
import type { CheckedOptions } from "./options.ts";
import type { WaitingSettle } from "./settle/waiting-settle.ts";

/** What parts of the driver are told about the connection. */
export interface ConnectionListener {
  /** Everything on its way is lost or unknown. */
  disconnected?(error: PubSubError): void;
  reconnected?(): void;
  /** The driver closes. */
  closed?(): void;
  /** The server refused a publish, or a subscription, on this subject. */
  refused?(subject: string, error: PubSubError): void;
}

/** Probes without an answer, in a row, after which the connection is given up. */
const MAX_UNANSWERED = 2;
/** How long a flush waits while the server has left an earlier one unanswered: whoever closes has waited for it already. */
const SILENT_FLUSH_MS = 250;
/** How long an ack may wait for the proof that the server has it. */
const CONFIRM_ACKS_MS = 200;

/**
 * The one connection of a driver. The client repairs it for ever; this class tells the others, and keeps what
 * must not be lost meanwhile: settles made while disconnected are sent after the reconnect, and acks that no later
 * answer of the server has proven to have arrived are sent again (JetStream ignores an ack it already has, and an ack
 * subject stays valid across connections).
 */
export class Connection {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  readonly apiPrefix: string;
  readonly context: DriverContext;
  readonly options: CheckedOptions;
  readonly #client: Client;
  readonly #answers: AnswerWatch;
  readonly #acks: AckWriter;
  readonly #listeners = new Set<ConnectionListener>();
  readonly #waiting: WaitingSettle[] = [];
  readonly #statuses: Statuses;
  #state: "up" | "down" | "closed" = "up";
  /** Announced by the server; until the next connection. */
  #lameDuck: PubSubError | undefined;
  /** A flush was not answered in time, and none since. */
  #silent = false;
  #closing: Promise<void> | undefined;
  #unprovenAcks: string[] = [];
  #provingAcks: string[] = [];
  #proofTimer: TimerHandle = undefined;

  private constructor(client: Client, jsm: JetStreamManager, options: CheckedOptions, context: DriverContext) {
    this.#client = client;
    this.nc = client.nc;
    this.#acks = new AckWriter(client.nc);
    this.jsm = jsm;
    this.options = options;
    this.context = context;
    this.apiPrefix = options.domain === undefined ? "$JS.API" : `$JS.${options.domain}.API`;
    this.#answers = new AnswerWatch(context.clock, options.pingIntervalMs, {
      ask: async () => this.nc.flush(),
      received: () => client.received,
      answering: () => this.#onAnswer(),
      silent: (unanswered) => this.#onSilence(unanswered),
    });
    this.#statuses = client.statuses();
  }

  static async open(options: CheckedOptions, context: DriverContext, signal?: AbortSignal): Promise<Connection> {
    signal?.throwIfAborted();
    const hooks = clientHooks(context);
    const client =
      options.connection === undefined
        ? await dial(options, context, hooks, signal)
        : Client.adopt(options.connection, hooks);
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

  /** A new subject that nobody else listens on. */
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

  /** Acknowledges; survives a loss of the connection. */
  ack(subject: string): void {
    if (this.#state !== "up") {
      this.#waiting.push({ subject, payload: ACK, untilMs: Number.POSITIVE_INFINITY });
      return;
    }
    this.#acks.write(subject);
    this.#unprovenAcks.push(subject);
    this.#proofTimer ??= this.context.clock.setTimer(() => this.#proveAcks(), CONFIRM_ACKS_MS);
  }

  /**
   * Sends now, or after the reconnect when that comes within `validMs`: whoever has the message then must not have it
   * taken away.
   */
  settle(subject: string, payload: Uint8Array, validMs: number): void {
    if (this.#state === "up") this.nc.publish(subject, payload);
    else this.#waiting.push({ subject, payload, untilMs: this.context.clock.monotonicNow() + validMs });
  }

  /** Resolves when the server has read everything sent before, or when that did not happen within `timeoutMs`. */
  async flush(timeoutMs: number = CLOSE_GRACE_MS): Promise<boolean> {
    if (this.#state === "closed") return false;
    const waitMs = this.#silent ? Math.min(timeoutMs, SILENT_FLUSH_MS) : timeoutMs;
    const flushed = this.waitUntilConnected().then(async () => this.#flush());
    // A late answer counts too.
    flushed.then(
      () => (this.#silent = false),
      () => {},
    );
    this.#silent = !(await within(this.context.clock, waitMs, flushed));
    return !this.#silent;
  }

  /** Gives up the connection for a new one: its server does not answer. */
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
    // Half of the time to be polite, the other half to be gone.
    if (this.#state === "up") await this.flush(timeoutMs / 2);
    this.#state = "closed";
    this.#answers.stop();
    this.context.clock.clearTimer(this.#proofTimer);
    for (const listener of this.#listeners) listener.closed?.();
    this.#listeners.clear();
    // A connection that was handed in goes on, and would keep everything here.
    this.#statuses.stop?.();
    await this.#client.close(leftMs());
  }

  async #flush(): Promise<void> {
    this.#acks.flush();
    await this.nc.flush();
  }

  #proveAcks(): void {
    this.#proofTimer = undefined;
    if (this.#state !== "up") return;
    if (this.#provingAcks.length > 0) {
      this.#proofTimer = this.context.clock.setTimer(() => this.#proveAcks(), CONFIRM_ACKS_MS);
      return;
    }
    this.#provingAcks = this.#unprovenAcks;
    this.#unprovenAcks = [];
    this.#flush().then(
      () => (this.#provingAcks = []),
      () => {},
    );
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
    this.#answers.stop();
    this.context.status("reconnecting", error);
    for (const listener of this.#listeners) listener.disconnected?.(error);
  }

  #onReconnect(): void {
    // The client says it twice when a dial in between had failed late.
    if (this.#state !== "down") return;
    this.#state = "up";
    this.#silent = false;
    this.#lameDuck = undefined;
    this.#client.redials = 0;
    this.#answers.start();
    const unproven = [...this.#provingAcks, ...this.#unprovenAcks];
    this.#provingAcks = [];
    this.#unprovenAcks = [];
    for (const subject of unproven) this.ack(subject);
    const now = this.context.clock.monotonicNow();
    for (const { subject, payload, untilMs } of this.#waiting.splice(0)) {
      if (payload === ACK) this.ack(subject);
      else if (now < untilMs) this.nc.publish(subject, payload);
    }
    this.context.status("up");
    for (const listener of this.#listeners) listener.reconnected?.();
  }

  /** After a silence: health() is to be true again. */
  #onAnswer(): void {
    this.#silent = false;
    if (this.#state !== "up") return;
    if (this.#lameDuck === undefined) this.context.status("up");
    else this.context.status("degraded", this.#lameDuck);
  }

  #onSilence(unanswered: number): void {
    if (this.#state !== "up") return;
    this.#silent = true;
    const error = new PubSubError("UNAVAILABLE", "the NATS server does not answer");
    this.context.status("degraded", error);
    if (unanswered >= MAX_UNANSWERED) this.drop();
  }

  #onError(error: Error): void {
    const mapped = toPubSubError(error, "NATS server");
    this.context.logger.warn({ code: mapped.code }, mapped.message);
    // Rejected credentials, for instance: what health() is to say while the reconnect goes on.
    if (this.#state === "down") this.context.status("reconnecting", mapped);
    if (!(error instanceof PermissionViolationError)) return;
    for (const listener of this.#listeners) listener.refused?.(error.subject, mapped);
  }
}
