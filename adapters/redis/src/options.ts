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
import { type Address, parseAddress, shownAddress } from "./connection/address.ts";
import { TLS_FILES, type TlsOptions } from "./connection/tls-options.ts";
import { isNamePart, NAME_PART_RULE } from "./names.ts";

/** How to reach Redis or Valkey, for `redis()` and for the options beside a URL. */
export interface RedisOptions {
  /** `host:port`, without credentials. Several only with `sentinel` or `cluster`: then each is asked in turn. @default "127.0.0.1:6379" */
  readonly servers?: string | readonly string[] | undefined;
  /** The name of the primary that Sentinel watches, such as `"mymaster"`; `servers` are then the sentinels. @default no sentinel */
  readonly sentinel?: string | undefined;
  /** Whether `servers` are nodes of a Redis Cluster. @default false */
  readonly cluster?: boolean | undefined;
  /** The ACL user. @default the user `default` when there is a password */
  readonly user?: string | undefined;
  /** Of `user`, or of the user `default`. @default none */
  readonly password?: string | undefined;
  /** The user on the sentinels, which have users of their own. Needs `sentinelPassword`. @default the user `default` when there is a password */
  readonly sentinelUser?: string | undefined;
  /** The password on the sentinels. @default none */
  readonly sentinelPassword?: string | undefined;
  /** The number of the database; a cluster has only 0. 0 to 1,000,000. @default 0 */
  readonly db?: number | undefined;
  /** `true` for TLS with the system's authorities, or options of TLS: `caFile`, `certFile`, `keyFile`, and those of Node. @default false */
  readonly tls?: boolean | TlsOptions | undefined;
  /** The connections' name in `CLIENT LIST`. @default "anytopic" */
  readonly name?: string | undefined;
  /** Put before the name of every key, so that several environments can share a database. A colon follows it. @default "" */
  readonly prefix?: string | undefined;
  /**
   * What the server does with what it has accepted, and what is checked when the application connects. `"everysec"`: it writes an append-only file,
   * and a power failure loses up to about 2 s. `"always"`: it syncs that file before it answers. `"process"`: it need not keep anything.
   * `"trusted"`: the operator answers for it, and nothing is checked: some managed services do not tell. @default "everysec"
   */
  readonly durability?: "always" | "everysec" | "process" | "trusted" | undefined;
  /** How many replicas must have received a message before its publish is accepted (`WAIT`); 0 to 20. @default 0 */
  readonly replicas?: number | undefined;
  /** What to do when the server evicts keys, or keeps less than `durability` says: refuse to connect, or connect and log a warning. @default "refuse" */
  readonly unsafeServer?: "refuse" | "warn" | undefined;
  /** How often a connection is probed, in ms; two unanswered probes end it. 100 ms to 2 minutes. @default 5000 */
  readonly pingIntervalMs?: number | undefined;
}

type WithDefault = "cluster" | "db" | "name" | "prefix" | "durability" | "replicas" | "unsafeServer" | "pingIntervalMs";

/** Options with all defaults; frozen. */
export type CheckedOptions = Checked<Omit<RedisOptions, "servers" | "tls">, WithDefault> & {
  readonly servers: readonly Address[];
  readonly tls: TlsOptions | undefined;
};

export const OPTIONS: OptionTable<CheckedOptions> = {
  adapter: "redis",
  rules: {
    servers: option.list(["127.0.0.1:6379"], parseAddress),
    sentinel: option.text({ matches: /^[\w.-]+$/, allowed: "the name of a primary: letters, digits and _ . -" }),
    cluster: option.boolean({ default: false }),
    user: option.text({ inUrl: false }),
    password: option.secret(),
    sentinelUser: option.text({ inUrl: false }),
    sentinelPassword: option.secret(),
    db: option.integer({ min: 0, max: 1_000_000, default: 0, inUrl: false }),
    tls: { kind: "object", inUrl: false, default: undefined, orBoolean: true, check: checkedTls },
    name: option.text({
      matches: /^[!-~]{1,100}$/,
      allowed: "1 to 100 ASCII characters without spaces",
      default: "anytopic",
    }),
    prefix: option.text({
      matches: (prefix) => prefix === "" || (prefix.length <= 64 && isNamePart(prefix)),
      allowed: `up to 64 ${NAME_PART_RULE}`,
      default: "",
    }),
    durability: option.choice(["always", "everysec", "process", "trusted"], { default: "everysec" }),
    replicas: option.integer({ min: 0, max: 20, default: 0 }),
    unsafeServer: option.choice(["refuse", "warn"], { default: "refuse" }),
    pingIntervalMs: option.integer({ min: 100, max: 120_000, unit: "ms", default: 5000 }),
  },
  words: {
    quoted: shown,
    unknown: (parameter) => `the Redis URL has the unknown option ${parameter}`,
    unreadable: (parameter, text) => `${parameter} in the Redis URL is ${text}`,
    conflict: (_name, _inUrl, _inOptions, names) =>
      `redis: ${names.join(", ")} given both in the URL and in the options`,
  },
};

/** @throws TypeError that names the option, without its value where that is secret */
export function checkedOptions(options: RedisOptions = {}): CheckedOptions {
  const checked = checkOptions(OPTIONS, options);
  const { servers, sentinel, cluster, user, password, sentinelUser, sentinelPassword, db } = checked;
  const refuse = (reason: string): never => {
    throw new TypeError(`redis: ${reason}`);
  };
  if (user !== undefined && password === undefined) refuse("user is given without password");
  if (sentinelUser !== undefined && sentinelPassword === undefined)
    refuse("sentinelUser is given without sentinelPassword");
  if (sentinelPassword !== undefined && sentinel === undefined) refuse("sentinelPassword is given without sentinel");
  if (sentinel !== undefined && cluster) refuse("sentinel and cluster are given: only one of the two can be meant");
  if (cluster && db !== 0) refuse(`db is ${db}, and a cluster has only the database 0`);
  if (servers.length > 1 && sentinel === undefined && !cluster)
    refuse(
      `servers has ${servers.length} entries (${servers.map(shownAddress).join(", ")}): several are allowed with sentinel or cluster only`,
    );
  return checked;
}

function checkedTls(option: string, value: unknown): TlsOptions | undefined {
  if (typeof value === "boolean") return value ? {} : undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError(`${option} must be true, false or an object of TLS options`);
  for (const [name, content] of Object.entries(TLS_FILES))
    if (name in value && content in value)
      throw new TypeError(`${option} has ${name} and ${content}: only one of the two can be meant`);
  return value;
}

const FORM = "redis://[user:password@]host[:port][,host[:port]…][/db][?option=value&…]";
/** In a URL each TLS option has a parameter of its own. */
const TLS_PARAMETERS = { tlsCaFile: option.text(), tlsCertFile: option.text(), tlsKeyFile: option.text() };
const { servers: _servers, ...RULES } = OPTIONS.rules;
const PARAMETERS = { ...OPTIONS, rules: { ...RULES, ...TLS_PARAMETERS } };

/** How the URLs of this adapter look. */
export const URL_FORM: UrlForm<CheckedOptions> = {
  schemes: ["redis", "rediss"],
  form: FORM,
  examples: [
    "redis://127.0.0.1:6379",
    "redis://app:${REDIS_PASSWORD}@host:6379/1?prefix=staging",
    "rediss://host-1:6379,host-2:6379?cluster=true",
    "redis://sentinel-1:26379,sentinel-2:26379?sentinel=mymaster",
  ],
  parts: {
    servers: "`host:port`, several with commas",
    user: "`user:password@`",
    password: "`user:password@`, `:password@`",
    db: "`/number`",
    tls: "the scheme `rediss:`",
  },
  parameters: {
    tlsCaFile: "path of the authorities' certificates: `caFile` of `tls`",
    tlsCertFile: "path of the client's certificate: `certFile` of `tls`",
    tlsKeyFile: "path of its key: `keyFile` of `tls`",
  },
};

export const optionsFromUrl: OptionsFromUrl<CheckedOptions> = urlReader(OPTIONS, readUrl, checkedOptions);

/**
 * Reads `redis://…` and `rediss://…`. `URL` is not used: it refuses several servers, and its errors quote the password.
 *
 * @throws TypeError
 */
export function readUrl(url: string): RedisOptions {
  const match = /^(rediss?):(?:\/\/([^/?#]*)(?:\/(\d*))?)?(?:\?([^#]*))?$/.exec(url);
  if (match === null) throw new TypeError(`the Redis URL is malformed: must be ${FORM}`);
  const [, scheme, authority = "", db = "", query = ""] = match;
  const { tlsCaFile, tlsCertFile, tlsKeyFile, ...asked } = queryOptions(PARAMETERS, url, query);
  const named = Object.entries({ caFile: tlsCaFile, certFile: tlsCertFile, keyFile: tlsKeyFile });
  const files = named.filter(([, path]) => path !== undefined);
  if (scheme === "redis" && files.length > 0)
    throw new TypeError("the Redis URL names TLS files and begins with redis: write rediss:");
  const at = authority.lastIndexOf("@");
  const hosts = authority.slice(at + 1);
  return {
    ...(hosts === "" ? {} : { servers: hosts.split(",") }),
    ...(at === -1 ? {} : loginOf(authority.slice(0, at))),
    ...(db === "" ? {} : { db: Number(db) }),
    ...(scheme === "rediss" ? { tls: files.length === 0 ? true : Object.fromEntries(files) } : {}),
    ...asked,
  };
}

function loginOf(userInfo: string): RedisOptions {
  const [user = "", ...others] = userInfo.split(":").map((text) => decodedUrlPart("the login in the Redis URL", text));
  if (others.length === 0)
    throw new TypeError("the login in the Redis URL has no password: write user:password@ or :password@");
  return { ...(user === "" ? {} : { user }), password: others.join(":") };
}

/** For `defineConfig`. */
declare module "@anytopic/core/config" {
  interface AdapterOptions {
    /** With a URL that begins with `redis:`. */
    readonly redis: RedisOptions;
    /** With a URL that begins with `rediss:`. */
    readonly rediss: RedisOptions;
  }
}
