import { isPlainObject } from "../base/plain-object.ts";
import { basename, dirname, resolve } from "node:path";

import { noBrokerConfigured } from "../base/no-broker-configured.ts";
import { shown } from "../base/shown.ts";
import { checkConfig } from "./check-config.ts";
import { findConfigFile, readConfigFile } from "./config-file.ts";
import type { AnytopicConfig, LoadedConfig } from "./config-types.ts";
import { withoutValues } from "./variables.ts";

/** Which configuration `loadConfig` loads. */
export interface LoadConfigOptions {
  /** Replaces the URL of the default connection. Wins over `ANYTOPIC_URL`. @default `ANYTOPIC_URL`, else that of the configuration */
  readonly url?: string | undefined;
  /** A path, a configuration, or a loaded configuration. @default the file that `ANYTOPIC_CONFIG` names, or `anytopic.config.*` in `folder` */
  readonly config?: string | AnytopicConfig | LoadedConfig | undefined;
  /** @default the working directory */
  readonly folder?: string | undefined;
  /** @default process.env */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

/** One of the places that can decide which broker is used. */
export interface ConfigSource {
  readonly from: "argument" | "ANYTOPIC_URL" | "configuration";
  readonly state: "used" | "overridden" | "absent";
  /** What it decides, as text. Never contains a value. */
  readonly detail: string;
}

/** A configuration, and where its parts come from. */
export interface ConfigLoad {
  readonly config: LoadedConfig;
  /** Where the default connection's URL comes from. */
  readonly source: ConfigSource["from"];
  /** The configuration file; undefined when there is none. */
  readonly path: string | undefined;
  /** Every place, the one that wins first. */
  readonly precedence: readonly ConfigSource[];
  /** The name of the configuration in error messages; `undefined` when there is none. */
  readonly where: string | undefined;
  /** Replaces the values of used environment variables in a text by their names, for logs and errors. */
  readonly conceal: (text: string) => string;
}

const LOADS = Symbol.for("anytopic.config-loads");
const shared = globalThis as { [LOADS]?: WeakMap<object, ConfigLoad> };
/** Configurations that any copy of this package has loaded: they are not read again, and their variables not replaced again. */
const loads = (shared[LOADS] ??= new WeakMap<object, ConfigLoad>());

/**
 * Finds, reads and checks the configuration. The URL of the default connection comes from, in this order:
 *
 * 1. the argument `url`;
 * 2. the environment variable `ANYTOPIC_URL`, unless `config` is an object, which is an argument too;
 * 3. the configuration: `config`, or the file that `ANYTOPIC_CONFIG` names, or the one file `anytopic.config.json`,
 *    `.yaml`, `.yml`, `.ts`, `.mts`, `.js` or `.mjs` in the working directory.
 *
 * Other connections, routes, names and overrides always come from the configuration. When the URL is replaced by one of the same
 * adapter, the connection keeps its `options`.
 *
 * @throws PubSubError `INVALID_CONFIG` when no broker is configured, when there are several files, and when the configuration is
 *   wrong: the message lists all problems, each with its path. It never contains values of environment variables.
 */
export async function loadConfig(options: LoadConfigOptions = {}): Promise<ConfigLoad> {
  const { environment = process.env, folder = process.cwd(), url } = options;
  const known = typeof options.config === "object" ? loads.get(options.config) : undefined;
  if (known !== undefined && url === undefined) return known;
  const given = options.config ?? (environment["ANYTOPIC_CONFIG"] || undefined);
  if (given !== undefined && typeof given !== "string" && !isPlainObject(given)) {
    throw new TypeError(`config is ${shown(given)}: must be a path or an object`);
  }
  const path =
    typeof given === "object" ? known?.path : given === undefined ? findConfigFile(folder) : resolve(folder, given);
  const fromEnvironment = typeof options.config === "object" ? undefined : environment["ANYTOPIC_URL"] || undefined;
  const raw = typeof given === "object" ? given : path === undefined ? undefined : await readConfigFile(path);
  const replacement = url ?? fromEnvironment;
  if (raw === undefined && replacement === undefined) throw noBrokerConfigured();
  const where = raw === undefined ? undefined : path === undefined ? "the configuration" : basename(path);
  const { config, used, droppedOptions } = checkConfig(raw === undefined ? {} : raw, {
    where: where ?? "the configuration",
    folder: path === undefined ? folder : dirname(path),
    // In a loaded configuration, variables are replaced already.
    environment: known === undefined ? environment : undefined,
    url: replacement,
  });
  const source = url !== undefined ? "argument" : fromEnvironment !== undefined ? "ANYTOPIC_URL" : "configuration";
  const note = droppedOptions
    ? `; connections.${config.default}.options are not used, since they may be of another adapter`
    : "";
  const replaces =
    raw === undefined ? "the URL of the only connection" : `the URL of connections.${config.default}${note}`;
  const state = (from: ConfigSource["from"], present: boolean): ConfigSource["state"] =>
    !present ? "absent" : source === from ? "used" : "overridden";
  const load: ConfigLoad = Object.freeze({
    config,
    source,
    path,
    where,
    precedence: Object.freeze([
      { from: "argument", state: state("argument", url !== undefined), detail: replaces },
      {
        from: "ANYTOPIC_URL",
        state: state("ANYTOPIC_URL", (environment["ANYTOPIC_URL"] ?? "") !== ""),
        detail: replaces,
      },
      {
        from: "configuration",
        state: raw === undefined ? "absent" : "used",
        detail:
          raw === undefined
            ? `no anytopic.config file in ${folder}`
            : `${path ?? "an object"}: ${source === "configuration" ? "everything" : "everything but that URL"}`,
      },
    ] as const),
    conceal: (text: string) => withoutValues(text, used),
  });
  loads.set(config, load);
  return load;
}
