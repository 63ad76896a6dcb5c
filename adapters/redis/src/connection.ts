import { CLOSE_GRACE_MS, type DriverContext, PubSubError, retryPauseMs, within } from "@anytopic/core/driver";
import { RESP_TYPES } from "@redis/client";
import { type Client, newClient } from "./connection/client.ts";
import { Reader } from "./connection/reader.ts";
import { replyWord, toPubSubError } from "./errors.ts";
import type { CheckedOptions } from "./options.ts";
import type { Script } from "./scripts/script.ts";

const AS_BUFFERS = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } };

/** One connection for commands, and the maker of connections for reads that wait. The client repairs it for ever. */
export class Connection {
  readonly context: DriverContext;
  readonly options: CheckedOptions;
  readonly #client: Client;
  readonly #readers = new Set<Reader>();
  readonly #lost = new Set<(error: PubSubError) => void>();
  readonly #reconnected = new Set<() => void>();
  /** The digests that this connection has loaded. */
  readonly #loaded = new Map<string, Promise<unknown>>();
  #server = "";
  #state: "up" | "down" | "closed" = "up";

  private constructor(client: Client, options: CheckedOptions, context: DriverContext) {
    this.#client = client;
    this.options = options;
    this.context = context;
  }

  static async open(options: CheckedOptions, context: DriverContext, signal?: AbortSignal): Promise<Connection> {
    signal?.throwIfAborted();
    let isUp = false;
    const client = newClient(options, (retries) => (isUp ? retryPauseMs(retries + 1, context.random) : false));
    client.on("error", () => {});
    try {
      await client.connect();
      isUp = true;
      const connection = new Connection(client, options, context);
      const info = String(await client.sendCommand(["INFO", "server"]));
      const [, name = "redis", version = "unknown"] = /^(redis|valkey)_version:(\S+)/m.exec(info) ?? [];
      connection.#server = `${name}-server ${version}`;
      connection.#watch();
      context.status("up");
      return connection;
    } catch (error) {
      if (client.isOpen) client.destroy();
      throw toPubSubError(error, "connect to Redis");
    }
  }

  /** `"redis-server 7.0.15"`, `"valkey-server 8.1"`. */
  get server(): string {
    return this.#server;
  }

  get native(): unknown {
    return this.#client;
  }

  get connected(): boolean {
    return this.#state === "up";
  }

  /** What to reject with while there is no connection. */
  unavailable(): PubSubError {
    if (this.#state === "closed") return new PubSubError("CLOSED", "the connection to Redis is closed");
    return new PubSubError("UNAVAILABLE", "not connected to Redis; reconnecting");
  }

  /**
   * Sends one command; commands of one turn of the event loop are written together, in the order of the calls. Resolves with the
   * reply, in which texts are Buffers. Rejects with what the server or the client reports, see `toPubSubError`; while disconnected
   * at once with `UNAVAILABLE`. A command is never sent twice, and never later.
   */
  async send(parts: readonly (string | Buffer)[]): Promise<unknown> {
    if (this.#state !== "up") throw this.unavailable();
    return this.#client.sendCommand(parts, AS_BUFFERS);
  }

  /** Runs a script, as `send` does. The first call on a connection loads it. */
  async script(script: Script, keys: readonly string[], args: readonly (string | Buffer)[]): Promise<unknown> {
    let loaded = this.#loaded.get(script.sha);
    if (loaded === undefined) {
      loaded = this.send(["SCRIPT", "LOAD", script.source]);
      this.#loaded.set(script.sha, loaded);
      loaded.catch(() => this.#loaded.delete(script.sha));
    }
    const command = ["EVALSHA", script.sha, String(keys.length), ...keys, ...args];
    // Redis runs the commands of a connection in their order: the script is loaded when EVALSHA comes.
    try {
      return await this.send(command);
    } catch (error) {
      // The server was restarted, or somebody flushed its scripts. The script did not run.
      if (replyWord(error) !== "NOSCRIPT") throw error;
    }
    await this.send(["SCRIPT", "LOAD", script.source]);
    return await this.send(command);
  }

  /** @throws PubSubError when there is no connection */
  async openReader(): Promise<Reader> {
    if (this.#state !== "up") throw this.unavailable();
    const reader = await Reader.open(
      async (socketTimeoutMs) => {
        const client = newClient(this.options, () => false, socketTimeoutMs);
        client.on("error", () => {});
        await client.connect();
        return client;
      },
      async (parts) => this.send(parts),
    );
    this.#readers.add(reader);
    return reader;
  }

  /** The connection for commands was lost: every command without a reply is rejected. Returns what ends the listening. */
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
    if (this.#state === "up") return;
    if (this.#state === "closed") throw this.unavailable();
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = this.onReconnected(resolve);
    await promise.finally(end);
    await this.waitUntilConnected();
  }

  /** Resolves within `timeoutMs`; then no socket and no timer is left. */
  async close(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    if (this.#state === "closed") return;
    const wasUp = this.#state === "up";
    this.#state = "closed";
    for (const reader of this.#readers) reader.close();
    if (wasUp) await within(this.context.clock, timeoutMs, this.#client.sendCommand(["PING"]));
    if (this.#client.isOpen) this.#client.destroy();
    for (const listener of this.#reconnected) listener();
  }

  #watch(): void {
    this.#client.on("error", (error: unknown) => {
      if (this.#state !== "up") return;
      this.#state = "down";
      this.#loaded.clear();
      const mapped = toPubSubError(error, "Redis");
      this.context.status("reconnecting", mapped);
      for (const listener of this.#lost) listener(mapped);
    });
    this.#client.on("ready", () => {
      if (this.#state !== "down") return;
      this.#state = "up";
      this.context.status("up");
      for (const listener of this.#reconnected) listener();
    });
  }
}
