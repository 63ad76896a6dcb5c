import {
  HIDDEN_PARAMETER,
  mayShowParameter,
  PubSubError,
  rejectUnknownKeys,
  requireInteger,
  shown,
} from "@anytopic/core/driver";
import type { ClientConfig, PubSub } from "@google-cloud/pubsub";

export interface GcpOptions {
  /** `my-project`. @default GOOGLE_CLOUD_PROJECT, or the project of the credentials */
  readonly projectId?: string | undefined;
  /** Put before the id of every topic and subscription: a letter, then letters, digits, `-`, `_`, `~`; at most 50. @default "" */
  readonly prefix?: string | undefined;
  /** `127.0.0.1:8085`: an emulator, without TLS and credentials. @default PUBSUB_EMULATOR_HOST, or Google Cloud */
  readonly emulatorHost?: string | undefined;
  /** Everything else the client library takes: `credentials`, `keyFilename`, `apiEndpoint` for a regional endpoint, `universeDomain`, gRPC channel options. */
  readonly clientConfig?: ClientConfig | undefined;
  /** A ready client instead of `projectId`, `emulatorHost` and `clientConfig`. Its configuration is used for our own channels; it stays yours to close. */
  readonly client?: PubSub | undefined;
  /** Pull requests of one worker under way at the same time; 1 to 20. @default 4 */
  readonly maxPulls?: number | undefined;
  /**
   * Whether a pull on an idle subscription waits at the service. The official emulator does not notice when such a pull
   * is given up or its connection ends, and goes on taking messages for it. @default true, on an emulator false
   */
  readonly waitingPulls?: boolean | undefined;
}

/** Options with their defaults and checked. */
export interface CheckedOptions {
  readonly projectId: string | undefined;
  readonly prefix: string;
  readonly emulatorHost: string | undefined;
  readonly clientConfig: ClientConfig;
  readonly client: PubSub | undefined;
  readonly maxPulls: number;
  readonly waitingPulls: boolean | undefined;
}

export const OPTIONS = [
  "projectId",
  "prefix",
  "emulatorHost",
  "clientConfig",
  "client",
  "maxPulls",
  "waitingPulls",
] as const;
const OPTIONS_OF_URL = ["prefix", "emulatorHost", "maxPulls"] as const;
const URL_FORM = "gcp://<project>?prefix=…&emulatorHost=…&maxPulls=…";

const PROJECT = /^[a-z](?:[-a-z0-9.:]{0,61}[a-z0-9])?$/;
const PREFIX = /^(?:[A-Za-z][-A-Za-z0-9_~]{0,49})?$/;
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#@:[\]]+):\d{1,5}$/;

/** @throws TypeError when an option is unknown or not allowed */
export function checkedOptions(options: GcpOptions): CheckedOptions {
  rejectUnknownKeys("gcp()", options, OPTIONS);
  if (options.client !== undefined) {
    for (const name of ["projectId", "emulatorHost", "clientConfig"] as const) {
      if (options[name] !== undefined) {
        throw new TypeError(`${name} and client exclude each other: configure the client, or leave it out`);
      }
    }
  }
  refuseContradictions(options);
  const prefix = requireText(
    "prefix",
    options.prefix ?? "",
    PREFIX,
    "a letter, then letters, digits, - _ ~, at most 50",
  );
  if (prefix.toLowerCase().startsWith("goog")) {
    throw new TypeError(`prefix is ${shown(prefix)}: ids that start with "goog" are reserved, choose another`);
  }
  if (options.waitingPulls !== undefined && typeof options.waitingPulls !== "boolean") {
    throw new TypeError(`waitingPulls is ${shown(options.waitingPulls)}: must be true or false`);
  }
  return Object.freeze({
    projectId:
      options.projectId === undefined
        ? undefined
        : requireText("projectId", options.projectId, PROJECT, "a project id, for example my-project-123"),
    prefix,
    emulatorHost:
      options.emulatorHost === undefined
        ? undefined
        : requireText(
            "emulatorHost",
            options.emulatorHost,
            HOST,
            "host:port, for example 127.0.0.1:8085 or [::1]:8085",
          ),
    clientConfig: options.clientConfig ?? {},
    client: options.client,
    maxPulls: requireInteger("maxPulls", options.maxPulls ?? 4, { min: 1, max: 20 }),
    waitingPulls: options.waitingPulls,
  });
}

/** The same said twice is fine; two things are not. */
function refuseContradictions({ projectId, emulatorHost, clientConfig = {} }: GcpOptions): void {
  const pairs = [
    ["projectId", projectId, "projectId", clientConfig.projectId],
    ["emulatorHost", emulatorHost, "apiEndpoint", clientConfig.apiEndpoint],
  ] as const;
  for (const [name, value, inner, other] of pairs) {
    if (value === undefined || other === undefined || value === other) continue;
    throw new TypeError(`${name} is ${shown(value)} and clientConfig.${inner} is ${shown(other)}: say it once`);
  }
}

/** @throws PubSubError `INVALID_CONFIG` */
export function optionsFromUrl(text: string, options: unknown): CheckedOptions {
  if (options !== undefined && (typeof options !== "object" || options === null || Array.isArray(options))) {
    throw new PubSubError("INVALID_CONFIG", `the options of the gcp adapter are ${shown(options)}: must be an object`);
  }
  const url = parsed(text);
  const given: Record<string, unknown> = { ...options };
  const read = new Set<string>();
  const set = (name: string, value: unknown): void => {
    if (read.has(name)) throw new PubSubError("INVALID_CONFIG", `${name} is given twice in the URL`);
    read.add(name);
    if (given[name] !== undefined && given[name] !== value) {
      const both = `${shown(value)} in the URL and ${shown(given[name])} in the options`;
      throw new PubSubError("INVALID_CONFIG", `${name} is ${both}: say it once`);
    }
    given[name] = value;
  };
  if (url.host !== "") set("projectId", url.host);
  for (const [name, value] of url.searchParams) {
    if (!(OPTIONS_OF_URL as readonly string[]).includes(name)) {
      const which = mayShowParameter(text, name) ? shown(name) : HIDDEN_PARAMETER;
      throw new PubSubError("INVALID_CONFIG", `the URL has an unknown parameter ${which}: expected ${URL_FORM}`);
    }
    set(name, name === "maxPulls" ? Number(value) : value);
  }
  try {
    return checkedOptions(given);
  } catch (error) {
    throw new PubSubError("INVALID_CONFIG", error instanceof Error ? error.message : "the options cannot be used", {
      cause: error,
    });
  }
}

function parsed(text: string): URL {
  if (!URL.canParse(text)) throw new PubSubError("INVALID_CONFIG", `not a URL: expected ${URL_FORM}`);
  const url = new URL(text);
  if (url.protocol !== "gcp:") {
    // Not shown: in `password:user@host` it is the password.
    throw new PubSubError("INVALID_CONFIG", `the URL does not begin with gcp: expected ${URL_FORM}`);
  }
  if (url.username !== "" || url.password !== "") {
    const remedy = "credentials come from Application Default Credentials or from clientConfig";
    throw new PubSubError("INVALID_CONFIG", `the URL holds a user or password: ${remedy}`);
  }
  if ((url.pathname !== "" && url.pathname !== "/") || url.hash !== "") {
    throw new PubSubError("INVALID_CONFIG", `the URL has a path or fragment: expected ${URL_FORM}`);
  }
  return url;
}

function requireText(name: string, value: unknown, pattern: RegExp, rule: string): string {
  if (typeof value === "string" && pattern.test(value)) return value;
  throw new TypeError(`${name} is ${shown(value)}: must be ${rule}`);
}
