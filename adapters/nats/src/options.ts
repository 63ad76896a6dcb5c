import {
  type Checked,
  checkOptions,
  decodedUrlPart,
  option,
  type OptionsFromUrl,
  type OptionTable,
  queryOptions,
  shown,
  type UrlForm,
  urlReader,
} from "@anytopic/core/driver";
// oxlint-disable-next-line import/no-empty-named-blocks -- the compiler finds what is declared below only with an import
import type {} from "@anytopic/core/config";
import { nkeys, type NatsConnection, type TlsOptions } from "@nats-io/nats-core";
import { DEFAULT_DEDUPLICATION_WINDOW_MS } from "./capabilities.ts";
import { DEAD_LETTER_ROOM_BYTES, DEFAULT_MAX_PAYLOAD_BYTES, MAX_ACK_PENDING, MAX_MAX_PAYLOAD_BYTES } from "./limits.ts";
import { isNamePart, NAME_PART_RULE } from "./names.ts";

/** How to reach NATS JetStream, for `nats()` and for the options beside a URL. */
export interface NatsOptions {
  /** `host:port`, `nats://host:port` or `tls://host:port`, without credentials. One with `tls://` means TLS for all. @default "127.0.0.1:4222" */
  readonly servers?: string | readonly string[] | undefined;
  /** An open connection, instead of all options about connecting. It is not closed, and should reconnect for ever (`maxReconnectAttempts: -1`). @default its own connection */
  readonly connection?: NatsConnection | undefined;
  /** The user; with `password`. @default none */
  readonly user?: string | undefined;
  /** Of `user`. @default none */
  readonly password?: string | undefined;
  /** A token to log in with, instead of a user. @default none */
  readonly token?: string | undefined;
  /** Path of a credentials file (JWT and seed); read again on every connection, so that it can be rotated. @default none */
  readonly credentialsFile?: string | undefined;
  /** Seed of an NKey, `SU…`. @default none */
  readonly nkeySeed?: string | undefined;
  /** `true` for TLS with the system's authorities, or the client library's TLS options: `caFile`, `certFile`, `keyFile`, … A server without TLS is then an error. @default TLS when the server asks for it, or a server is `tls://…` */
  readonly tls?: boolean | TlsOptions | undefined;
  /** The name of this connection in the server's monitoring. @default "anytopic" */
  readonly name?: string | undefined;
  /** The first part of the subjects of replies, for users that may not subscribe to the usual ones. @default "_INBOX" */
  readonly inboxPrefix?: string | undefined;
  /** The JetStream domain to use, for leaf nodes. @default the account's own */
  readonly domain?: string | undefined;
  /** Put before the name of every stream and subject, so that several environments can share an account. @default "" */
  readonly prefix?: string | undefined;
  /** Copies of every stream and consumer in a cluster; 1 to 5. @default 1 */
  readonly replicas?: number | undefined;
  /** Where streams keep messages. With `"memory"` they are lost when the server stops. @default "file" */
  readonly storage?: "file" | "memory" | undefined;
  /** `max_bytes` of each stream. A full stream refuses messages (`RESOURCE_EXHAUSTED`); none are dropped. @default no limit */
  readonly maxStreamBytes?: number | undefined;
  /** How long a stream remembers message ids, in ms; 100 ms to 14 days, and never longer than the topic's retention. @default 120_000 */
  readonly deduplicationWindowMs?: number | undefined;
  /** The servers' `max_payload`. A connection to a server that allows less is refused. @default 1_048_576 */
  readonly maxPayloadBytes?: number | undefined;
  /** Unsettled messages of one subscription, waiting retries included, beyond which nothing new is delivered. @default 100_000 */
  readonly maxAckPending?: number | undefined;
  /** How long the active worker of an ordered subscription may be silent before another takes over, in ms; 1 s to 1 minute. Must be the same in every process. @default 5000 */
  readonly leaderLeaseMs?: number | undefined;
  /** How often the connection is probed, in ms; two unanswered probes end it. 100 ms to 2 minutes. @default 5000 */
  readonly pingIntervalMs?: number | undefined;
}

type StreamOption = "prefix" | "replicas" | "storage" | "maxStreamBytes" | "deduplicationWindowMs" | "maxPayloadBytes";
type WithDefault = StreamOption | "name" | "maxAckPending" | "leaderLeaseMs" | "pingIntervalMs";

/** Options with all defaults; frozen. */
export type CheckedOptions = Checked<Omit<NatsOptions, "servers" | "tls">, WithDefault> & {
  readonly servers: readonly string[];
  readonly tls: TlsOptions | undefined;
};

const LOGINS = ["user", "token", "credentialsFile", "nkeySeed"] as const;
/** Not allowed together with an open connection. */
const CONNECTING = ["servers", ...LOGINS, "password", "tls", "name", "pingIntervalMs"] as const;
const SERVER = /^(?:(?:nats|tls):\/\/)?(?:\[[0-9a-fA-F:.]+\]|[^\s:/@?#,[\]]+)(?::\d{1,5})?\/?$/;

export const OPTIONS: OptionTable<CheckedOptions> = {
  adapter: "nats",
  rules: {
    servers: option.list(["127.0.0.1:4222"], checkedServer),
    user: option.text({ inUrl: false }),
    password: option.secret(),
    token: option.secret(),
    credentialsFile: option.text(),
    nkeySeed: option.secret({
      matches: isSeed,
      allowed: "the seed of an NKey: it begins with SU and has 58 characters",
    }),
    tls: { kind: "object", inUrl: false, default: undefined, orBoolean: true, check: checkedTls },
    name: option.text({ default: "anytopic" }),
    pingIntervalMs: option.integer({ min: 100, max: 120_000, unit: "ms", default: 5000 }),
    connection: option.object<NatsConnection>({
      matches: ({ publish }) => typeof publish === "function",
      allowed: "a NatsConnection",
    }),
    inboxPrefix: option.text({
      matches: /^[^\s.*>]+(?:\.[^\s.*>]+)*$/,
      allowed: "a subject without *, > and spaces",
    }),
    domain: option.text({ matches: /^[^\s.*>]+$/, allowed: "text without spaces, dots, * and >" }),
    prefix: option.text({
      matches: (prefix) => prefix === "" || (prefix.length <= 64 && isNamePart(prefix)),
      allowed: `up to 64 ${NAME_PART_RULE}`,
      default: "",
    }),
    replicas: option.integer({ min: 1, max: 5, default: 1 }),
    storage: option.choice(["file", "memory"], { default: "file" }),
    maxStreamBytes: option.integer({ min: 1024, max: Number.MAX_SAFE_INTEGER, unit: "bytes", default: -1 }),
    deduplicationWindowMs: option.integer({
      min: 100,
      max: 1_209_600_000,
      unit: "ms",
      default: DEFAULT_DEDUPLICATION_WINDOW_MS,
    }),
    maxPayloadBytes: option.integer({
      min: 2 * DEAD_LETTER_ROOM_BYTES,
      max: MAX_MAX_PAYLOAD_BYTES,
      unit: "bytes",
      default: DEFAULT_MAX_PAYLOAD_BYTES,
    }),
    maxAckPending: option.integer({ min: 1, max: 10_000_000, default: MAX_ACK_PENDING }),
    leaderLeaseMs: option.integer({ min: 1000, max: 60_000, unit: "ms", default: 5000 }),
  },
  words: {
    quoted: shown,
    unknown: (parameter) => `the NATS URL has the unknown option ${parameter}`,
    unreadable: (parameter, text) => `${parameter} in the NATS URL is ${text}`,
    conflict: (_name, _inUrl, _inOptions, names) =>
      `nats: ${names.join(", ")} given both in the URL and in the options`,
  },
};

/** @throws TypeError that names the option, without its value where that is secret */
export function checkedOptions(options: NatsOptions = {}): CheckedOptions {
  const checked = checkOptions(OPTIONS, options);
  const given = (names: readonly (keyof NatsOptions)[]) => names.filter((name) => options[name] !== undefined);
  const logins = given(LOGINS);
  if (logins.length > 1) throw new TypeError(`nats: ${logins.join(" and ")} are given: one way to log in is allowed`);
  if (checked.password !== undefined && checked.user === undefined)
    throw new TypeError("nats: password is given without user");
  const connecting = given(CONNECTING).join(", ");
  if (checked.connection !== undefined && connecting !== "")
    throw new TypeError(`nats: connection is given together with ${connecting}: only one is allowed`);
  // The client ignores the scheme of a server: if one asks for TLS, all use it.
  const secure = checked.servers.find((server) => server.startsWith("tls://"));
  if (secure === undefined || checked.tls !== undefined) return checked;
  if (options.tls === undefined) return Object.freeze({ ...checked, tls: {} });
  throw new TypeError(`nats: servers contains ${shown(secure)} and tls is false: only one of the two can be meant`);
}

function checkedServer(server: string): string {
  if (server.includes("@"))
    throw new TypeError("nats: servers must not contain credentials: use user, password or token");
  if (SERVER.test(server)) return server;
  throw new TypeError(
    `nats: servers contains ${shown(server)}: must be host:port, nats://host:port or tls://host:port`,
  );
}

function isSeed(text: string): boolean {
  try {
    nkeys.fromSeed(Buffer.from(text.trim()));
    return true;
  } catch {
    return false;
  }
}

function checkedTls(option: string, value: unknown): TlsOptions | undefined {
  if (typeof value === "boolean") return value ? {} : undefined;
  if (typeof value === "object" && value !== null) return value;
  throw new TypeError(`${option} must be true, false or an object of TLS options`);
}

const FORM = "nats://[user:password@|token@]host[:port][,host[:port]…][?option=value&…]";
/** In a URL each TLS option has a parameter of its own. */
const TLS = { tls: option.boolean(), tlsCaFile: option.text(), tlsCertFile: option.text(), tlsKeyFile: option.text() };
const PARAMETERS = { ...OPTIONS, rules: { ...OPTIONS.rules, ...TLS } };

/** How the URLs of this adapter look. */
export const URL_FORM: UrlForm<CheckedOptions> = {
  schemes: ["nats", "tls"],
  form: FORM,
  examples: [
    "nats://127.0.0.1:4222",
    "nats://app:${NATS_PASSWORD}@host-1:4222,host-2:4222?replicas=3",
    "tls://host:4222?tlsCaFile=ca.pem&prefix=staging",
  ],
  parts: {
    servers: "`host:port`, several with commas",
    user: "`user:password@`",
    password: "`user:password@`",
    token: "`token@`",
  },
  parameters: {
    tls: "TLS with the system's authorities, `true` or `false`; as the scheme `tls:`",
    tlsCaFile: "path of the authorities' certificates: `caFile` of `tls`",
    tlsCertFile: "path of the client's certificate: `certFile` of `tls`",
    tlsKeyFile: "path of its key: `keyFile` of `tls`",
  },
};

export const optionsFromUrl: OptionsFromUrl<CheckedOptions> = urlReader(OPTIONS, readUrl, checkedOptions);

/**
 * Reads `nats://…` and `tls://…`. `URL` is not used: it refuses several servers, and its errors quote the password.
 *
 * @throws TypeError
 */
export function readUrl(url: string): NatsOptions {
  const match = /^(nats|tls):(?:\/\/([^/?#]*)\/?)?(?:\?([^#]*))?$/.exec(url);
  if (match === null) throw new TypeError(`the NATS URL is malformed: must be ${FORM}`);
  const [, scheme, authority = "", query = ""] = match;
  const { tlsCaFile, tlsCertFile, tlsKeyFile, ...asked } = queryOptions(PARAMETERS, url, query);
  const files = Object.entries({ caFile: tlsCaFile, certFile: tlsCertFile, keyFile: tlsKeyFile });
  const given = files.filter(([, path]) => path !== undefined);
  if (asked.tls === false && (scheme === "tls" || given.length > 0)) {
    const both = scheme === "tls" ? "begins with tls: and says tls=false" : "says tls=false and names TLS files";
    throw new TypeError(`the NATS URL ${both}: only one can be meant`);
  }
  const at = authority.lastIndexOf("@");
  const hosts = authority.slice(at + 1);
  return {
    ...(hosts === "" ? {} : { servers: hosts.split(",") }),
    ...(at === -1 ? {} : loginOf(authority.slice(0, at))),
    ...(scheme === "tls" ? { tls: true } : {}),
    ...asked,
    ...(given.length === 0 ? {} : { tls: Object.fromEntries(given) }),
  };
}

function loginOf(userInfo: string): NatsOptions {
  const [first = "", ...others] = userInfo.split(":").map((text) => decodedUrlPart("the login in the NATS URL", text));
  return others.length === 0 ? { token: first } : { user: first, password: others.join(":") };
}

/** For `defineConfig`. */
declare module "@anytopic/core/config" {
  interface AdapterOptions {
    /** With a URL that begins with `nats:`. */
    readonly nats: NatsOptions;
    /** With a URL that begins with `tls:`. */
    readonly tls: NatsOptions;
  }
}
