import { isPlainObject } from "../base/plain-object.ts";
import { resolve } from "node:path";

import { providerOfUrl } from "../base/url-scheme.ts";
import { checkReferences } from "./check-references.ts";
import { ShapeCheck } from "./check-shape.ts";
import { configShape } from "./config-shape.ts";
import type { AnytopicConfig, ConnectionConfig, LoadedConfig, TopicConfig } from "./config-types.ts";
import { configPath, Problems } from "./problems.ts";
import { replaceVariables } from "./variables.ts";

export interface ConfigContext {
  /** For errors: the file's name, or `the configuration`. */
  readonly where: string;
  /** The folder of relative paths. */
  readonly folder: string;
  /** Where variables come from; `undefined` when they are replaced already. */
  readonly environment: Readonly<Record<string, string | undefined>> | undefined;
  /** Replaces the URL of the default connection. */
  readonly url: string | undefined;
}

export interface CheckedConfig {
  readonly config: LoadedConfig;
  /** The variables that were used, with their values. */
  readonly used: ReadonlyMap<string, string>;
  /** Whether the options of the default connection were left out, because `url` is of another adapter. */
  readonly droppedOptions: boolean;
}

/**
 * Replaces variables, checks everything, and returns the loaded configuration.
 *
 * @throws PubSubError `INVALID_CONFIG` that lists every problem with its path, and never a variable's value
 */
export function checkConfig(raw: unknown, context: ConfigContext): CheckedConfig {
  const problems = new Problems();
  const { environment } = context;
  const replaced =
    environment === undefined
      ? { value: raw, sources: new Map<string, string>(), used: new Map<string, string>() }
      : replaceVariables(raw, environment, problems);
  const replacement = withDefaultUrl(replaced.value, context.url, problems);
  const check = new ShapeCheck(problems, replaced.sources);
  const checked = check.value(configShape, replacement.value, "");
  if (isPlainObject(checked)) checkReferences(checked, replaced.sources, problems);
  problems.throwIfAny(context.where);
  const config = loaded(checked as AnytopicConfig, context.folder);
  return { config, used: replaced.used, droppedOptions: replacement.droppedOptions };
}

/** The name of the default connection; `undefined` when it is not clear which it is. */
export function defaultNameOf(config: {
  readonly default?: unknown;
  readonly connections?: unknown;
}): string | undefined {
  if (typeof config.default === "string") return config.default;
  const names = isPlainObject(config.connections) ? Object.keys(config.connections) : [];
  return names.length === 1 ? names[0] : undefined;
}

function withDefaultUrl(
  value: unknown,
  url: string | undefined,
  problems: Problems,
): { readonly value: unknown; readonly droppedOptions: boolean } {
  if (url === undefined || !isPlainObject(value)) return { value, droppedOptions: false };
  const connections = isPlainObject(value["connections"]) ? value["connections"] : {};
  const name = defaultNameOf(value) ?? (Object.keys(connections).length === 0 ? "default" : undefined);
  if (name === undefined) return { value, droppedOptions: false };
  const path = configPath("connections", name);
  const found = connections[name];
  const old = isPlainObject(found) ? found : {};
  problems.forget(configPath(path, "url"));
  const sameAdapter = typeof old["url"] === "string" && providerOfUrl(old["url"]) === providerOfUrl(url);
  const { options, ...rest } = old;
  if (!sameAdapter) problems.forget(configPath(path, "options"));
  const kept = sameAdapter && options !== undefined ? { options } : {};
  return {
    value: { ...value, default: name, connections: { ...connections, [name]: { ...rest, url, ...kept } } },
    droppedOptions: !sameAdapter && options !== undefined,
  };
}

/** Adds defaults and freezes. */
function loaded(config: AnytopicConfig, folder: string): LoadedConfig {
  const { connections = {}, topics = {}, declarations = [] } = config;
  return deepFrozen({
    default: defaultNameOf(config) ?? "",
    connections: mapValues(connections, ({ url, options = {} }: ConnectionConfig) => ({ url, options })),
    provisioning: config.provisioning,
    publish: config.publish ?? {},
    closeTimeoutMs: config.closeTimeoutMs,
    topics: mapValues(topics, (topic: TopicConfig) => ({ ...topic, subscriptions: topic.subscriptions ?? {} })),
    declarations: declarations.map((path) => resolve(folder, path)),
  } as LoadedConfig);
}

function mapValues<From, To>(object: Readonly<Record<string, From>>, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}

/** Freezes plain objects and lists only: options of adapters may contain instances, which must not be frozen. */
function deepFrozen<Value>(value: Value): Value {
  if (Array.isArray(value)) value.forEach(deepFrozen);
  else if (isPlainObject(value)) Object.values(value).forEach(deepFrozen);
  else return value;
  return Object.freeze(value);
}
