import { rejectUnknownKeys, requireChoice, requireInteger, shown } from "@anytopic/core/driver";
import { nkeys, type NatsConnection, type TlsOptions } from "@nats-io/nats-core";
import { DEFAULT_DEDUPLICATION_WINDOW_MS } from "./capabilities.ts";
import {
  DEAD_LETTER_ROOM_BYTES,
  DEFAULT_MAX_PAYLOAD_BYTES,
  MAX_ACK_PENDING,
  MAX_ACK_PENDING_ORDERED,
  MAX_MAX_PAYLOAD_BYTES,
} from "./limits.ts";
import { isNamePart, NAME_PART_RULE } from "./names.ts";

export interface NatsOptions {
  /** `host:port`, `nats://host:port` or `tls://host:port`, without credentials. One with `tls://` means TLS for all. @default "127.0.0.1:4222" */
  readonly servers?: string | readonly string[] | undefined;
  /** A ready connection instead of all options about connecting. It is not closed, and should reconnect for ever (`maxReconnectAttempts: -1`). */
  readonly connection?: NatsConnection | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  /** Path of a credentials file (JWT and seed); read again on every connection, so that it can be rotated. */
  readonly credentialsFile?: string | undefined;
  /** Seed of an NKey, `SU…`. */
  readonly nkeySeed?: string | undefined;
  /** `true` for TLS with the system's authorities, or the client library's TLS options: `caFile`, `certFile`, `keyFile`, … A server without TLS is then an error. @default TLS when the server asks for it, or a server is `tls://…` */
  readonly tls?: boolean | TlsOptions | undefined;
  /** How the server's monitoring names this connection. @default "anytopic" */
  readonly name?: string | undefined;
  /** First part of the subjects that replies come to, for accounts that may not listen on the usual ones. @default "_INBOX" */
  readonly inboxPrefix?: string | undefined;
  /** The JetStream domain to use, for leaf nodes. */
  readonly domain?: string | undefined;
  /** Put before the name of every stream and subject, so that several environments can share an account. */
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
  /** How long the active worker of an ordered subscription may be silent before another takes over, in ms; 1 s to 1 minute. The same in every process. @default 5000 */
  readonly leaderLeaseMs?: number | undefined;
  /** How often the connection is probed, in ms; two unanswered probes end it. 100 ms to 2 minutes. @default 5000 */
  readonly pingIntervalMs?: number | undefined;
}

/** Options with all defaults; frozen. */
export interface CheckedOptions {
  readonly servers: readonly string[];
  readonly connection: NatsConnection | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
  readonly credentialsFile: string | undefined;
  readonly nkeySeed: string | undefined;
  readonly tls: TlsOptions | undefined;
  readonly name: string;
  readonly inboxPrefix: string | undefined;
  readonly domain: string | undefined;
  readonly prefix: string;
  readonly replicas: number;
  readonly storage: "file" | "memory";
  readonly maxStreamBytes: number;
  readonly deduplicationWindowMs: number;
  readonly maxPayloadBytes: number;
  readonly maxAckPending: number;
  readonly maxAckPendingOrdered: number;
  readonly leaderLeaseMs: number;
  readonly pingIntervalMs: number;
}

const CONNECTING = [
  "servers",
  "user",
  "password",
  "token",
  "credentialsFile",
  "nkeySeed",
  "tls",
  "name",
  "pingIntervalMs",
] as const;

export const OPTION_NAMES: readonly string[] = [
  ...CONNECTING,
  "connection",
  "inboxPrefix",
  "domain",
  "prefix",
  "replicas",
  "storage",
  "maxStreamBytes",
  "deduplicationWindowMs",
  "maxPayloadBytes",
  "maxAckPending",
  "leaderLeaseMs",
];

const SERVER = /^(?:(?:nats|tls):\/\/)?(?:\[[0-9a-fA-F:.]+\]|[^\s:/@?#,[\]]+)(?::\d{1,5})?\/?$/;
const TOKEN = /^[^\s.*>]+$/;

/** Fills in the defaults and checks; throws a `TypeError` that names the option, without its value where that is secret. */
export function checkedOptions(options: NatsOptions = {}): CheckedOptions {
  rejectUnknownKeys("nats", options, OPTION_NAMES);
  requireOneLogin(options);
  return Object.freeze({
    servers: checkedServers(options.servers),
    connection: checkedConnection(options),
    user: checkedText("user", options.user),
    password: checkedSecret("password", options.password),
    token: checkedSecret("token", options.token),
    credentialsFile: checkedText("credentialsFile", options.credentialsFile),
    nkeySeed: checkedSeed(options.nkeySeed),
    tls: checkedTls(options),
    name: checkedText("name", options.name) ?? "anytopic",
    inboxPrefix: checkedInboxPrefix(options.inboxPrefix),
    domain: checkedToken("domain", options.domain),
    prefix: checkedPrefix(options.prefix),
    replicas: requireInteger("nats: replicas", options.replicas ?? 1, { min: 1, max: 5 }),
    storage: requireChoice("nats: storage", options.storage ?? "file", ["file", "memory"]),
    maxStreamBytes:
      options.maxStreamBytes === undefined
        ? -1
        : requireInteger("nats: maxStreamBytes", options.maxStreamBytes, {
            min: 1024,
            max: Number.MAX_SAFE_INTEGER,
            unit: "bytes",
          }),
    deduplicationWindowMs: requireInteger(
      "nats: deduplicationWindowMs",
      options.deduplicationWindowMs ?? DEFAULT_DEDUPLICATION_WINDOW_MS,
      { min: 100, max: 1_209_600_000, unit: "ms" },
    ),
    maxPayloadBytes: requireInteger("nats: maxPayloadBytes", options.maxPayloadBytes ?? DEFAULT_MAX_PAYLOAD_BYTES, {
      min: 2 * DEAD_LETTER_ROOM_BYTES,
      max: MAX_MAX_PAYLOAD_BYTES,
      unit: "bytes",
    }),
    maxAckPending: requireInteger("nats: maxAckPending", options.maxAckPending ?? MAX_ACK_PENDING, {
      min: 1,
      max: 10_000_000,
    }),
    maxAckPendingOrdered: Math.min(options.maxAckPending ?? MAX_ACK_PENDING_ORDERED, MAX_ACK_PENDING_ORDERED),
    leaderLeaseMs: requireInteger("nats: leaderLeaseMs", options.leaderLeaseMs ?? 5000, {
      min: 1000,
      max: 60_000,
      unit: "ms",
    }),
    pingIntervalMs: requireInteger("nats: pingIntervalMs", options.pingIntervalMs ?? 5000, {
      min: 100,
      max: 120_000,
      unit: "ms",
    }),
  });
}

function requireOneLogin(options: NatsOptions): void {
  const given = (["user", "token", "credentialsFile", "nkeySeed"] as const).filter(
    (name) => options[name] !== undefined,
  );
  if (given.length > 1) throw new TypeError(`nats: ${given.join(" and ")} are given: one way to log in is allowed`);
  if (options.password !== undefined && options.user === undefined)
    throw new TypeError("nats: password is given without user");
}

function checkedConnection(options: NatsOptions): NatsConnection | undefined {
  if (options.connection === undefined) return undefined;
  const others = CONNECTING.filter((name) => options[name] !== undefined);
  if (others.length > 0)
    throw new TypeError(`nats: connection is given together with ${others.join(", ")}: only one is allowed`);
  if (typeof options.connection?.publish !== "function")
    throw new TypeError(`nats: connection is ${shown(options.connection)}: must be a NatsConnection`);
  return options.connection;
}

function checkedServers(servers: string | readonly string[] | undefined): readonly string[] {
  const list = servers === undefined ? ["127.0.0.1:4222"] : typeof servers === "string" ? [servers] : [...servers];
  if (list.length === 0) throw new TypeError("nats: servers is empty: give at least one host:port");
  for (const server of list) {
    if (typeof server !== "string") throw new TypeError(`nats: servers contains ${shown(server)}: must be host:port`);
    if (server.includes("@"))
      throw new TypeError("nats: servers must not contain credentials: use user, password or token");
    if (!SERVER.test(server))
      throw new TypeError(
        `nats: servers contains ${shown(server)}: must be host:port, nats://host:port or tls://host:port`,
      );
  }
  return Object.freeze(list);
}

function checkedText(option: string, value: string | undefined): string | undefined {
  if (value === undefined || (typeof value === "string" && value !== "")) return value;
  throw new TypeError(`nats: ${option} is ${shown(value)}: must be text that is not empty`);
}

function checkedSecret(option: string, value: string | undefined): string | undefined {
  if (value === undefined || (typeof value === "string" && value !== "")) return value;
  throw new TypeError(`nats: ${option} must be text that is not empty`);
}

/** Read from a file it may end with a line break. */
function checkedSeed(value: string | undefined): string | undefined {
  const seed = checkedSecret("nkeySeed", value)?.trim();
  if (seed === undefined) return undefined;
  try {
    nkeys.fromSeed(Buffer.from(seed));
    return seed;
  } catch {
    // Without a cause: it might quote the seed.
    throw new TypeError("nats: nkeySeed is not the seed of an NKey: it begins with SU and has 58 characters");
  }
}

function checkedToken(option: string, value: string | undefined): string | undefined {
  if (value === undefined || (typeof value === "string" && TOKEN.test(value))) return value;
  throw new TypeError(`nats: ${option} is ${shown(value)}: must be text without spaces, dots, * and >`);
}

function checkedInboxPrefix(value: string | undefined): string | undefined {
  if (value === undefined || (typeof value === "string" && value.split(".").every((token) => TOKEN.test(token))))
    return value;
  throw new TypeError(`nats: inboxPrefix is ${shown(value)}: must be a subject without *, > and spaces`);
}

function checkedPrefix(prefix: string | undefined): string {
  if (prefix === undefined || prefix === "") return "";
  if (typeof prefix === "string" && prefix.length <= 64 && isNamePart(prefix)) return prefix;
  throw new TypeError(`nats: prefix is ${shown(prefix)}: up to 64 ${NAME_PART_RULE} are allowed`);
}

/** The client ignores the scheme of a server and uses one setting for all: what asks for TLS once, asks for all. */
function checkedTls({ tls, servers = [] }: NatsOptions): TlsOptions | undefined {
  const secure = [servers].flat().find((server) => server.startsWith("tls://"));
  if (tls === undefined) return secure === undefined ? undefined : {};
  if (tls === true) return {};
  if (tls === false) {
    if (secure === undefined) return undefined;
    throw new TypeError(`nats: servers contains ${shown(secure)} and tls is false: only one of the two can be meant`);
  }
  if (typeof tls === "object" && tls !== null) return tls;
  throw new TypeError("nats: tls must be true, false or an object of TLS options");
}
