import { adapterFromUrl, checkedAdapters } from "./adapter-from-url.ts";
import { adapterNameOfUrl } from "../base/url-scheme.ts";
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
import type { AnyTopic } from "../declare/topic.ts";

/** The configured connections and routes. */
export interface Routing {
  readonly config: LoadedConfig;
  /** The name of the configuration in error messages; `undefined` when there is only a broker. */
  readonly where: string | undefined;
  /** Whether the URL of the default connection is not that of the configuration, but the one in the environment. */
  readonly urlFromEnvironment: boolean;
  /** Replaces values of environment variables in a text by their names. */
  readonly conceal: (text: string) => string;
  /** The adapter of the default connection, when `connect` was given one. */
  readonly adapter: Adapter | undefined;
}

/** The connections of one `PubSub`, each opened on first use. Finds the connections of every topic and subscription. */
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

  /** The opened connections, the default one first. */
  get opened(): readonly Connection[] {
    return [...this.#open.values()];
  }

  /** All names, opened or not, the default one first. */
  get names(): readonly string[] {
    const { config } = this.#routing;
    return [config.default, ...Object.keys(config.connections).filter((name) => name !== config.default)];
  }

  /** The name of the adapter that publishes a topic, also before its connection is open. */
  adapterNameOf(topic: AnyTopic): string {
    const [name = this.#routing.config.default] = this.routes.connectionsOfTopic(topic);
    return this.#open.get(name)?.adapter.name ?? adapterNameOfUrl(this.#routing.config.connections[name]?.url ?? "");
  }

  /** Opens a connection, or returns the open one. After a failure, the next call tries again. */
  connection(name: string, signal?: AbortSignal): Promise<Connection> {
    const known = this.#opening.get(name);
    if (known !== undefined) return known;
    const opening = this.#connect(name, signal);
    this.#opening.set(name, opening);
    opening.catch(() => this.#opening.delete(name));
    return opening;
  }

  /** The opened connections of some declarations, each with its own declarations, with configured overrides. */
  async split(
    declarations: readonly Declaration[],
    signal?: AbortSignal,
  ): Promise<readonly (readonly [Connection, readonly Declaration[]])[]> {
    const byName = this.routes.byConnection(declarations);
    // Waits for all: after a failure, none must still be opening.
    const opened = await Promise.allSettled([...byName.keys()].map((name) => this.connection(name, signal)));
    return [...byName.values()].map((own, index) => [fulfilled(opened[index]), own] as const);
  }

  /** Provisions or verifies declarations. Checks all connections before it changes anything. */
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

  /** Closes all connections within `budget`, and stops those that are opening. Never rejects. */
  async close(budget: CloseBudget): Promise<void> {
    this.#closing = budget;
    this.#closed.abort(new PubSubError("CLOSED", "the connection was closed while it was being opened"));
    await budget.wait("opening connections", {}, () => Promise.allSettled(this.#opening.values()));
    await Promise.all(this.opened.map((connection) => connection.close(budget)));
  }

  async #connect(name: string, signal: AbortSignal | undefined): Promise<Connection> {
    const { config, where, conceal, urlFromEnvironment } = this.#routing;
    try {
      const adapter = await this.#adapter(name);
      const names = this.routes.namesOn(name);
      const opening = { ...this.#options, name, names };
      const connection = await Connection.open(adapter, this.#environment, opening, this.#endOf(signal));
      this.#open.set(name, connection);
      // Closing did not wait for this connection.
      if (this.#closing !== undefined) await connection.close(this.#closing);
      return connection;
    } catch (error) {
      if (where === undefined || signal?.aborted === true || !(error instanceof Error)) throw error;
      const code =
        error instanceof PubSubError ? error.code : error instanceof TypeError ? "INVALID_CONFIG" : "UNKNOWN";
      const message = conceal(error.message);
      const from = urlFromEnvironment && name === config.default ? ", whose URL is that of ANYTOPIC_URL" : "";
      const place = Object.hasOwn(config.connections, name) ? `${where}: connections.${name}${from}` : where;
      // A `cause` that contains a variable's value is left out.
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
    // Adapters check whether an option is present, for example when it is in the URL too.
    const isObject = typeof options === "object" && options !== null && !Array.isArray(options);
    return await adapterFromUrl(found.url, isObject ? withoutUndefined(options) : options, adapters);
  }
}

function fulfilled<Value>(result: PromiseSettledResult<Value> | undefined): Value {
  if (result?.status === "fulfilled") return result.value;
  throw result?.reason;
}
