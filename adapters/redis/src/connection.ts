import { CLOSE_GRACE_MS, ConnectionStatus, type DriverContext, PubSubError, timeLeft } from "@anytopic/core/driver";
import type { Command, Dialled, RedisClient } from "./connection/dial.ts";
import { type Inspection, inspectServer, requireSafe } from "./connection/inspect-server.ts";
import { Line } from "./connection/line.ts";
import { Locator } from "./connection/locate.ts";
import { Reader } from "./connection/reader.ts";
import { ScriptRunner } from "./connection/script-runner.ts";
import { serverName } from "./connection/require-suitable.ts";
import { keyOf, slotOf } from "./connection/slots.ts";
import { toPubSubError } from "./errors.ts";
import type { CheckedOptions } from "./options.ts";
import type { Script } from "./scripts/script.ts";

/** How long the replicas may take to receive a publish, in ms. */
const REPLICATION_MS = 3000;

/**
 * The connections of a driver: one for commands, one for publishes that wait for replicas, one for each reader; in a cluster, one of each for
 * every hash slot that is used. Each is dialled again without end when it is lost.
 */
export class Connection {
  readonly context: DriverContext;
  readonly options: CheckedOptions;
  readonly #locator: Locator;
  readonly #status: ConnectionStatus<Line>;
  readonly #main: Line;
  /** In a cluster by slot; for publishes that wait for replicas under another key. */
  readonly #lines = new Map<string, Line>();
  readonly #opening = new Map<Line, Promise<unknown>>();
  readonly #readers = new Set<Reader>();
  readonly #lost = new Set<(error: PubSubError) => void>();
  readonly #reconnected = new Set<() => void>();
  readonly #scripts = new ScriptRunner();
  #server = "";
  #inspection: Inspection = { dangers: [], warnings: [], evictsIds: false };
  #closing: Promise<void> | undefined;

  private constructor(options: CheckedOptions, context: DriverContext) {
    this.options = options;
    this.context = context;
    this.#locator = new Locator(options, context.clock);
    this.#status = new ConnectionStatus((state, error) => context.status(state, error));
    this.#main = this.#newLine(undefined);
  }

  /** @throws PubSubError; the reason of `signal` when it aborts */
  static async open(options: CheckedOptions, context: DriverContext, signal?: AbortSignal): Promise<Connection> {
    signal?.throwIfAborted();
    const connection = new Connection(options, context);
    try {
      await connection.#open(signal);
      return connection;
    } catch (error) {
      await connection.close(0);
      if (signal?.aborted === true) throw signal.reason;
      throw toPubSubError(error, "connect to Redis");
    }
  }

  /** `"redis-server 7.0.15"`, `"valkey-server 8.1"`. */
  get server(): string {
    return this.#server;
  }

  /** The client for commands; another one after every reconnect. */
  get native(): RedisClient | undefined {
    return this.#main.client;
  }

  get connected(): boolean {
    return this.#main.isUp;
  }

  /** What `plan` could not see of the server, as sentences; empty when it saw everything. */
  get unseen(): readonly string[] {
    return this.#inspection.warnings;
  }

  /** What to reject with while there is no connection. */
  unavailable(): PubSubError {
    if (this.#closing !== undefined) return new PubSubError("CLOSED", "the connection to Redis is closed");
    return new PubSubError("UNAVAILABLE", "not connected to Redis; reconnecting");
  }

  /** Exactly-once topics need a server that keeps their ids. @throws PubSubError `INVALID_CONFIG` */
  requireKeptIds(topic: string): void {
    if (!this.#inspection.evictsIds || this.options.unsafeServer === "warn") return;
    throw new PubSubError(
      "INVALID_CONFIG",
      `topic ${topic} is exactly-once, and maxmemory-policy of the server lets it delete keys with a time to live, such as the remembered ids: set noeviction`,
    );
  }

  /**
   * Sends one command; commands of one turn of the event loop are written together, in the order of the calls. Resolves with the
   * reply, in which texts are Buffers. Rejects with what the server or the client reports, see `toPubSubError`; while disconnected
   * at once with `UNAVAILABLE`. A command is never sent twice, and never later.
   */
  send(parts: Command): Promise<unknown> {
    const line = this.options.cluster ? this.#lineOf(keyOf(parts)) : this.#main;
    return line instanceof Line ? this.#sendOn(line, parts) : line.then(async (opened) => this.#sendOn(opened, parts));
  }

  /**
   * Returns what sends the commands of one batch that publishes to one topic, as `send` does. With the option `replicas` each also waits until so many
   * replicas have it, on a connection of its own: a server answers nothing else on one that waits.
   */
  publishing(stream: string): (parts: Command, isLast: boolean) => Promise<unknown> {
    const { replicas, cluster } = this.options;
    if (replicas > 0) return this.#replicating(stream, replicas);
    return cluster ? (parts) => this.send(parts) : (parts, isLast) => this.#sendOn(this.#main, parts, isLast);
  }

  /** Runs a script, as `send` does. The first call on a connection loads it. With `isPublish`, it waits for replicas as `publish` does. */
  async script(
    script: Script,
    keys: readonly string[],
    args: readonly (string | Buffer)[],
    isPublish = false,
  ): Promise<unknown> {
    const { replicas, cluster } = this.options;
    const waits = isPublish && replicas > 0;
    const line = waits ? await this.#lineOf(keys[0], "publish") : cluster ? await this.#lineOf(keys[0]) : this.#main;
    const reply = this.#scriptOn(line, script, keys, args);
    if (!waits) return await reply;
    const answer = await reply;
    await this.#replicated(line, replicas);
    return answer;
  }

  /**
   * A connection for reads that wait.
   *
   * @param key what is read: in a cluster, its owner is dialled
   * @throws PubSubError when there is no connection
   */
  async openReader(key?: string): Promise<Reader> {
    if (!this.connected) throw this.unavailable();
    try {
      const line = this.#newLine(this.options.cluster && key !== undefined ? slotOf(key) : undefined);
      const dialled = await line.dial();
      if (this.#closing !== undefined) {
        dialled.end();
        throw this.unavailable();
      }
      const reader = new Reader(dialled, this.context.clock, async (parts) =>
        // The number of a connection means something on its own server only.
        key === undefined || !this.options.cluster ? this.send(parts) : this.#sendOn(await this.#lineOf(key), parts),
      );
      this.#readers.add(reader);
      void dialled.lost.then(() => this.#readers.delete(reader));
      return reader;
    } catch (error) {
      throw toPubSubError(error, "connect to Redis");
    }
  }

  /** A connection for commands was lost: every command without a reply is rejected. Returns what ends the listening. */
  onLost(listener: (error: PubSubError) => void): () => void {
    this.#lost.add(listener);
    return () => this.#lost.delete(listener);
  }

  /** Returns what ends the listening. */
  onReconnected(listener: () => void): () => void {
    this.#reconnected.add(listener);
    return () => this.#reconnected.delete(listener);
  }

  /** Resolves when there is a connection; rejects when this one is closed. */
  async waitUntilConnected(): Promise<void> {
    if (this.#closing !== undefined) throw this.unavailable();
    if (this.connected) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = this.onReconnected(resolve);
    await promise.finally(end);
    await this.waitUntilConnected();
  }

  /** Resolves within `timeoutMs`; then no socket and no timer is left. */
  async close(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    await this.#closing;
  }

  async #close(timeoutMs: number): Promise<void> {
    const leftMs = timeLeft(this.context.clock, timeoutMs);
    for (const reader of this.#readers) reader.close();
    await Promise.all([this.#main, ...this.#lines.values()].map(async (line) => line.close(leftMs())));
    for (const listener of this.#reconnected) listener();
    this.#lost.clear();
    this.#reconnected.clear();
  }

  async #open(signal: AbortSignal | undefined): Promise<void> {
    const dialled = await this.#main.open(signal);
    this.#server = serverName(dialled.hello);
    await this.#inspect(dialled, true);
    this.#status.report(this.#main, "up");
  }

  /** After a reconnect the server may be another one, with other settings. */
  async #inspect({ client }: Dialled, isFirst: boolean): Promise<void> {
    const inspection = await inspectServer(client, this.options);
    this.#inspection = inspection;
    if (isFirst && this.options.unsafeServer === "refuse") requireSafe(inspection);
    const { logger } = this.context;
    for (const danger of inspection.dangers) logger.warn({ broker: "redis" }, `messages can be lost: ${danger}`);
    for (const warning of inspection.warnings) logger.warn({ broker: "redis" }, warning);
  }

  #sendOn(line: Line, parts: Command, isWatched = true): Promise<unknown> {
    return line.send(parts, isWatched) ?? Promise.reject(this.unavailable());
  }

  async #scriptOn(
    line: Line,
    script: Script,
    keys: readonly string[],
    args: readonly (string | Buffer)[],
  ): Promise<unknown> {
    const { client } = line;
    if (client === undefined) throw this.unavailable();
    return await this.#scripts.run(client, (parts) => this.#sendOn(line, parts), script, keys, args);
  }

  #replicating(stream: string, replicas: number): (parts: Command, isLast: boolean) => Promise<unknown> {
    const line = this.#lineOf(stream, "publish");
    // After the last command: a server counts the replicas that have everything before it.
    const { promise: written, resolve } = Promise.withResolvers<Line>();
    const replicated = written.then((opened) => this.#replicated(opened, replicas));
    replicated.catch(() => {});
    return async (parts, isLast) => {
      const opened = await line;
      const reply = this.#sendOn(opened, parts);
      if (isLast) resolve(opened);
      return (await Promise.all([reply, replicated]))[0];
    };
  }

  async #replicated(line: Line, replicas: number): Promise<void> {
    const count = Number(await this.#sendOn(line, ["WAIT", String(replicas), String(REPLICATION_MS)]));
    if (count < replicas)
      throw new PubSubError(
        "UNAVAILABLE",
        `${count} of ${replicas} replicas have received the message within ${REPLICATION_MS} ms`,
      );
  }

  /** The line to the owner of a key; a promise until it is open. */
  #lineOf(key: string | undefined, purpose: "command" | "publish" = "command"): Line | Promise<Line> {
    if (key === undefined && purpose === "command") return this.#main;
    const slot = this.options.cluster && key !== undefined ? slotOf(key) : undefined;
    const name = `${purpose} ${slot}`;
    const known = this.#lines.get(name);
    const line = known ?? this.#newLine(slot);
    const opening = this.#opening.get(line);
    if (known !== undefined && opening === undefined) return known;
    if (opening !== undefined) return opening.then(() => line);
    if (this.#closing !== undefined) return Promise.reject(this.unavailable());
    this.#lines.set(name, line);
    const first = line.open().then(
      () => this.#status.report(line, "up"),
      (error: unknown) => {
        this.#lines.delete(name);
        throw error;
      },
    );
    const settled = first.finally(() => this.#opening.delete(line));
    this.#opening.set(line, settled);
    return settled.then(() => line);
  }

  #newLine(slot: number | undefined): Line {
    const line = new Line(this.#locator, slot, this.options, this.context, {
      dialled: (dialled) => {
        if (line !== this.#main) return;
        this.#server = serverName(dialled.hello);
        this.#inspect(dialled, false).catch(() => {});
      },
      lost: (error) => {
        this.#status.report(line, "reconnecting", error);
        for (const listener of this.#lost) listener(error);
      },
      up: () => {
        this.#status.report(line, "up");
        for (const listener of this.#reconnected) listener();
      },
      answering: (error) => {
        if (error === undefined) this.#status.report(line, "up");
        else this.#status.report(line, "degraded", error);
      },
      failed: (error) => {
        this.context.logger.warn({ code: error.code }, error.message);
        this.#status.report(line, "reconnecting", error);
      },
    });
    return line;
  }
}
