import { systemClock } from "./base/clock.ts";
import { interceptedConnect } from "./base/connect-interceptor.ts";
import type { LoadedConfig } from "./config/config-types.ts";
import { checkedConnectOptions, type ConnectOptions, type ConnectTarget } from "./connections/connect-options.ts";
import type { ConnectionEnvironment } from "./connections/connection.ts";
import { ConnectionRouter, type Routing } from "./connections/connection-router.ts";
import type { Adapter } from "./driver.ts";
import { guardedLogger } from "./base/guarded-logger.ts";
import { keepTrying } from "./base/keep-trying.ts";
import type { Logger } from "./base/logger.ts";
import { warningsLogger } from "./logging/warnings-logger.ts";
import { noBrokerConfigured } from "./base/no-broker-configured.ts";
import { Instrumented } from "./observe/instruments.ts";
import type { Observer, PubSubEvent } from "./observe/observer.ts";
import { withoutUndefined } from "./options/option-checks.ts";
import { shown } from "./base/shown.ts";
import { WAIT_FOR_BROKER_LIMITS } from "./options/connect-limits.ts";
import { PubSub } from "./pubsub.ts";
import { untilAborted } from "./base/until-aborted.ts";

/**
 * Connects to one broker, or to all brokers of a configuration.
 *
 * The URL of the default connection comes from the first of these that is present:
 * 1. `target`: a URL (`memory:`, `nats://host`, `amqp://host`, `redis://host`, `aws://region`, `gcp://project`), or the result of an
 *    adapter's factory;
 * 2. the environment variable `ANYTOPIC_URL`, unless `config` is an object;
 * 3. the configuration: `config`, else the file that `ANYTOPIC_CONFIG` names, else the only file in the working directory that is
 *    named `anytopic.config` and ends in `.json`, `.yaml`, `.yml`, `.ts`, `.mts`, `.js` or `.mjs`.
 *
 * With a `target` and no `config`, no file is read. Other connections, routes, names and overrides always come from the
 * configuration. An option given here wins over the same option of the configuration.
 *
 * The default connection is opened now. Other connections are opened on first use, or now when `declarations` need them. With
 * `waitForBrokerMs`, this waits for a broker that cannot be reached yet. A connection that is lost later is repaired without
 * end; `health()` shows it.
 *
 * @throws TypeError when an option is not allowed
 * @throws PubSubError `INVALID_CONFIG` or `ADAPTER_NOT_INSTALLED`; `UNAVAILABLE`, `UNAUTHENTICATED`, … when the default connection
 *   cannot be opened; `NOT_SUPPORTED`, `NOT_FOUND` or `TOPOLOGY_MISMATCH` when `declarations` do not match the broker
 */
export function connect<Native>(target: Adapter<Native>, options?: ConnectOptions): Promise<PubSub<Native>>;
export function connect(options: ConnectOptions): Promise<PubSub>;
export function connect(target?: ConnectTarget, options?: ConnectOptions): Promise<PubSub>;
export async function connect(first?: ConnectTarget | ConnectOptions, second?: ConnectOptions): Promise<PubSub> {
  const onlyOptions = second === undefined && isOptions(first);
  const target = onlyOptions ? undefined : (first as ConnectTarget | undefined);
  const given = checkedConnectOptions(onlyOptions ? first : (second ?? {}));
  given.signal?.throwIfAborted();
  const intercepted = interceptedConnect(target, given);
  if (intercepted !== undefined) return (await intercepted) as PubSub;
  const routing = await routingOf(target, given);
  const options = withConfigured(given, routing.config);
  const environment = environmentOf(options);
  const { waitForBrokerMs: waitMs = WAIT_FOR_BROKER_LIMITS.default, signal } = options;
  return await keepTrying((until) => open(routing, environment, options, until), { ...environment, waitMs, signal });
}

async function open(
  routing: Routing,
  environment: ConnectionEnvironment,
  options: ConnectOptions,
  signal: AbortSignal | undefined,
): Promise<PubSub> {
  const router = await ConnectionRouter.open(routing, environment, options, signal);
  const pubsub = new PubSub(router, environment, options);
  try {
    if (options.declarations !== undefined) {
      await untilAborted(router.provision(options.declarations, signal), signal);
    }
    signal?.throwIfAborted();
  } catch (error) {
    const closing = pubsub.close();
    // A caller that has aborted does not wait for closing either.
    if (signal?.aborted !== true) await closing;
    throw error;
  }
  environment.instrumented.connected(pubsub);
  return pubsub;
}

function isOptions(value: ConnectTarget | ConnectOptions | undefined): value is ConnectOptions {
  return typeof value === "object" && value !== null && !(value instanceof URL) && !("open" in value);
}

async function routingOf(target: ConnectTarget | undefined, options: ConnectOptions): Promise<Routing> {
  const isText = typeof target === "string" || target instanceof URL;
  const url = isText ? String(target) : undefined;
  if (url === "") throw noBrokerConfigured();
  const adapter = isText || target === undefined ? undefined : checkedAdapter(target, options);
  if (target !== undefined && options.config === undefined) return routingToOne(url ?? "", adapter);
  // Imported here, because most programs do not use it and should not pay for it.
  const { loadConfig } = await import("./config/load-config.ts");
  const { config } = options;
  const given = url ?? (adapter === undefined ? undefined : `${adapter.name}:`);
  const load = await loadConfig({
    ...(config === undefined ? {} : { config }),
    ...(given === undefined ? {} : { url: given }),
  });
  const { where, conceal, source } = load;
  return { config: load.config, where, urlFromEnvironment: source === "ANYTOPIC_URL", conceal, adapter };
}

function routingToOne(url: string, adapter: Adapter | undefined): Routing {
  const config = {
    default: "default",
    connections: { default: { url, options: {} } },
    provisioning: undefined,
    publish: {},
    closeTimeoutMs: undefined,
    topics: {},
    declarations: [],
  };
  return { config, where: undefined, urlFromEnvironment: false, conceal: (text) => text, adapter };
}

function checkedAdapter(target: Adapter, options: ConnectOptions): Adapter {
  if (typeof target?.open !== "function" || typeof target.capabilities !== "object") {
    throw new TypeError(`target is ${shown(target)}: must be a URL or an adapter`);
  }
  if (options.adapterOptions === undefined) return target;
  throw new TypeError("adapterOptions go with a URL; give them to the adapter's factory instead");
}

/** Options of the program win over those of the configuration. */
function withConfigured(given: ConnectOptions, config: LoadedConfig): ConnectOptions {
  const { provisioning = config.provisioning, closeTimeoutMs = config.closeTimeoutMs } = given;
  return Object.freeze({
    ...given,
    ...(provisioning === undefined ? {} : { provisioning }),
    ...(closeTimeoutMs === undefined ? {} : { closeTimeoutMs }),
    publish: Object.freeze({ ...config.publish, ...withoutUndefined(given.publish ?? {}) }),
  });
}

function environmentOf(options: ConnectOptions): ConnectionEnvironment {
  const { clock = systemClock, instrumentation = [] } = options;
  const logger = guardedLogger(options.logger ?? warningsLogger(clock));
  const instrumented = new Instrumented(instrumentation, logger);
  const observers = [options.observer ?? [], instrumented.own?.observers ?? []].flat();
  return {
    clock,
    random: options.random ?? Math.random,
    logger,
    observe: together(observers.map((observer) => guarded(observer, logger))),
    instrumented,
  };
}

function together(observers: readonly Observer[]): Observer | undefined {
  if (observers.length <= 1) return observers[0];
  return (event) => {
    for (const observer of observers) observer(event);
  };
}

/** An observer that throws must not break a publish or a settle. */
function guarded(observer: Observer, logger: Logger): (event: PubSubEvent) => void {
  return (event) => {
    try {
      observer(event);
    } catch (error) {
      logger.error(
        { type: event.type, error: error instanceof Error ? error.message : typeof error },
        "the observer threw",
      );
    }
  };
}
