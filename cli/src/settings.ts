import type { ConnectOptions, Observer, PubSub, ScheduleStore } from "@anytopic/core";
import type { ConfigLoad } from "@anytopic/core/config";
import { type Declaration, importDeclarations } from "./declarations.ts";
import { exportedSchedule } from "./exported-schedule.ts";
import type { Given } from "./given.ts";
import { UsageError } from "./usage-error.ts";

/** The configuration from flags, environment and file. Contacts no broker. */
export interface Settings {
  readonly load: ConfigLoad;
  /** Imports the declarations; once. @throws UsageError */
  readonly declarations: () => Promise<readonly Declaration[]>;
  /** The schedule store that a module of declarations exports as `schedule`. @throws UsageError */
  readonly schedule: () => Promise<ScheduleStore | undefined>;
}

/**
 * @param brokerNeeded false for commands that contact no broker: then there may be no configuration at all
 * @throws PubSubError `INVALID_CONFIG`, UsageError
 */
export async function readSettings(given: Given, brokerNeeded: boolean): Promise<Settings> {
  // Core is imported only where it is needed: help and completion must be fast, since shells wait for them.
  const { findConfigFile, loadConfig } = await import("@anytopic/core/config");
  const { ANYTOPIC_URL, ANYTOPIC_CONFIG } = process.env;
  const config = given.text("config");
  const isConfigured =
    Boolean(config || ANYTOPIC_URL || ANYTOPIC_CONFIG) || findConfigFile(process.cwd()) !== undefined;
  const url = given.text("url") ?? (brokerNeeded || isConfigured ? undefined : "memory:");
  const load = await loadConfig({ ...(url === undefined ? {} : { url }), ...(config === undefined ? {} : { config }) });
  const flags = given.texts("declarations");
  let importing: Promise<readonly Declaration[]> | undefined;
  const modules = (): readonly string[] => (flags.length > 0 ? flags : requireModules(load));
  return {
    load,
    declarations() {
      importing ??= importDeclarations(modules());
      return importing;
    },
    schedule: async () => await exportedSchedule(modules()),
  };
}

function requireModules({ config, where }: ConfigLoad): readonly string[] {
  if (config.declarations.length > 0) return config.declarations;
  throw new UsageError(
    "nothing says where the topics are declared",
    where === undefined
      ? "--declarations ./topics.ts, a module that exports them"
      : `add "declarations": ["./topics.ts"] to ${where}, or give --declarations ./topics.ts`,
  );
}

/** Any error on the way to the broker means that it cannot be reached. */
async function connected(options: ConnectOptions): Promise<PubSub> {
  const { connect, MemoryInbox, PubSubError, silentLogger } = await import("@anytopic/core");
  try {
    // With an inbox, exactly-once topics of adapters that need one can be created and inspected. The application has
    // its own inbox.
    // Commands say themselves what stands still.
    return await connect({ logger: silentLogger, ...options, inbox: new MemoryInbox() });
  } catch (error) {
    if (!(error instanceof PubSubError) || error.code !== "UNKNOWN") throw error;
    throw new PubSubError("UNAVAILABLE", error.message, { cause: error });
  }
}

interface ConnectionOptions {
  readonly signal?: AbortSignal;
  readonly observer?: Observer;
  readonly schedule?: ScheduleStore | undefined;
}

/** Connects. Connecting creates nothing, except in memory, where every process starts empty. The caller closes it. */
export async function openPubSub({ load }: Settings, options: ConnectionOptions): Promise<PubSub> {
  const { config } = load;
  const url = config.connections[config.default]?.url ?? "";
  return await connected({ ...options, config, provisioning: /^memory:/i.test(url) ? "ensure" : "off" });
}

/** How long a command waits at its end for what runs, in ms. */
export const CLOSE_TIMEOUT_MS = 2000;

/** Connects as `openPubSub` does, and disconnects when `use` is done. */
export async function withPubSub<Result>(
  settings: Settings,
  options: ConnectionOptions,
  use: (pubsub: PubSub) => Promise<Result>,
): Promise<Result> {
  const pubsub = await openPubSub(settings, options);
  try {
    return await use(pubsub);
  } finally {
    await pubsub.close({ timeoutMs: CLOSE_TIMEOUT_MS });
  }
}
