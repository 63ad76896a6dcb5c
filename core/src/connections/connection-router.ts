import { adapterFromUrl, checkedAdapters } from "./adapter-from-url.ts";
import type { CloseBudget } from "../base/close-budget.ts";
import type { LoadedConfig } from "../config/config-types.ts";
import type { ConnectOptions } from "./connect-options.ts";
import { Connection, type ConnectionEnvironment } from "./connection.ts";
import type { Adapter } from "../driver.ts";
import { PubSubError } from "../base/errors.ts";
import { quotedNames, withoutUndefined } from "../options/option-checks.ts";
import { requireNoDifferences } from "./provisioning-check.ts";
import { Routes } from "./routes.ts";
import type { Declaration } from "../declare/subscription.ts";

/** Which brokers there are and what goes where. */
export interface Routing {
  readonly config: LoadedConfig;
  /** What errors call the configuration; undefined when there is none, only a broker. */
  readonly where: string | undefined;
  /** Takes values of environment variables out of a text. */
  readonly conceal: (text: string) => string;
  /** The default connection's, when it was handed in. */
  readonly adapter: Adapter | undefined;
}

/** The connections of one `PubSub`, opened when they are first needed; sends each topic and subscription to its own. */
export class ConnectionRouter {
  readonly routes: Routes;
  readonly #routing: Routing;
  readonly #environment: ConnectionEnvironment;
  readonly #options: ConnectOptions;
  readonly #opening = new Map<string, Promise<Connection>>();
  readonly #open = new Map<string, Connection>();
  /** Aborts when closing begins. */
  readonly #closed = new AbortController();
  #closing: CloseBudget | undefined;

  private constructor(routing: Routing, environment: ConnectionEnvironment, options: ConnectOptions) {
    this.#routing = routing;
    this.#environment = environment;
    this.#options = options;
    this.routes = new Routes(routing.config, routing.where ?? "the configuration");
  }

  /** Opens the default connection. */
  static async open(
    routing: Routing,
    environment: ConnectionEnvironment,
    options: ConnectOptions,
    signal: AbortSignal | undefined,
  ): Promise<ConnectionRouter> {
    const router = new ConnectionRouter(routing, environment, options);
    await router.connection(routing.config.default, signal);
    return router;
  }

  get default(): Connection {
    return this.#open.get(this.#routing.config.default) as Connection;
  }

  /** Those that were opened, the default one first. */
  get opened(): readonly Connection[] {
    return [...this.#open.values()];
  }

  /** All names, opened or not, the default one first. */
  get names(): readonly string[] {
    const { config } = this.#routing;
    return [config.default, ...Object.keys(config.connections).filter((name) => name !== config.default)];
  }

  /** Opens a connection, or returns the open one; a failure is forgotten, so that the next use tries again. */
  connection(name: string, signal?: AbortSignal): Promise<Connection> {
    const known = this.#opening.get(name);
    if (known !== undefined) return known;
    const opening = this.#connect(name, signal);
    this.#opening.set(name, opening);
    opening.catch(() => this.#opening.delete(name));
    return opening;
  }

  /** The connections of some declarations, opened, each with what belongs on it as it is in force there. */
  async split(
    declarations: readonly Declaration[],
    signal?: AbortSignal,
  ): Promise<readonly (readonly [Connection, readonly Declaration[]])[]> {
    const byName = this.routes.byConnection(declarations);
    // A failure must not leave others being opened behind its back.
    const opened = await Promise.allSettled([...byName.keys()].map((name) => this.connection(name, signal)));
    return [...byName.values()].map((own, index) => [fulfilled(opened[index]), own] as const);
  }

  /** Provisions or verifies everything: first looks at all connections, then changes the first thing. */
  async provision(declarations: readonly Declaration[], signal?: AbortSignal): Promise<void> {
    const parts = await this.split(declarations, signal);
    for (const [connection, own] of parts) connection.requireSupported(own);
    if (this.#options.provisioning === "verify") {
      const found = await Promise.allSettled(
        parts.map(async ([connection, own]) => ({ connection, changes: await connection.differences(own) })),
      );
      requireNoDifferences(found.map(fulfilled), parts.length > 1);
      return;
    }
    const done = await Promise.allSettled(parts.map(([connection, own]) => connection.provision(own)));
    done.forEach(fulfilled);
  }

  /** Disconnects all, within what is left of `budget`; those being opened stop trying. Never rejects. */
  async close(budget: CloseBudget): Promise<void> {
    this.#closing = budget;
    this.#closed.abort(new PubSubError("CLOSED", "the connection was closed while it was being opened"));
    await budget.wait("opening connections", {}, () => Promise.allSettled(this.#opening.values()));
    await Promise.all(this.opened.map((connection) => connection.close(budget)));
  }

  async #connect(name: string, signal: AbortSignal | undefined): Promise<Connection> {
    const { config, where, conceal } = this.#routing;
    try {
      const adapter = await this.#adapter(name);
      const names = this.routes.namesOn(name);
      const opening = { ...this.#options, name, names };
      const connection = await Connection.open(adapter, this.#environment, opening, this.#endOf(signal));
      this.#open.set(name, connection);
      // Opened after closing has gone on without it.
      if (this.#closing !== undefined) await connection.close(this.#closing);
      return connection;
    } catch (error) {
      if (where === undefined || signal?.aborted === true || !(error instanceof Error)) throw error;
      const code =
        error instanceof PubSubError ? error.code : error instanceof TypeError ? "INVALID_CONFIG" : "UNKNOWN";
      const message = conceal(error.message);
      const place = Object.hasOwn(config.connections, name) ? `${where}: connections.${name}` : where;
      // A cause that quotes a variable's value would show it after all.
      throw new PubSubError(code, `${place}: ${message}`, message === error.message ? { cause: error } : {});
    }
  }

  #endOf(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#closed.signal : AbortSignal.any([signal, this.#closed.signal]);
  }

  async #adapter(name: string): Promise<Adapter> {
    const { config, adapter } = this.#routing;
    const isDefault = name === config.default;
    if (isDefault && adapter !== undefined) return adapter;
    const found = Object.hasOwn(config.connections, name) ? config.connections[name] : undefined;
    if (found === undefined) {
      throw new PubSubError("INVALID_CONFIG", `there is no connection "${name}": known are ${quotedNames(this.names)}`);
    }
    const options =
      isDefault && this.#options.adapterOptions !== undefined ? this.#options.adapterOptions : found.options;
    const adapters = checkedAdapters(this.#options.adapters ?? []);
    // Adapters ask whether an option is there, as when it is in the URL too.
    const isObject = typeof options === "object" && options !== null && !Array.isArray(options);
    return await adapterFromUrl(found.url, isObject ? withoutUndefined(options) : options, adapters);
  }
}

function fulfilled<Value>(result: PromiseSettledResult<Value> | undefined): Value {
  if (result?.status === "fulfilled") return result.value;
  throw result?.reason;
}
