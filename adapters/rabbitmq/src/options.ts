import { rejectUnknownKeys, requireInteger, shown } from "@anytopic/core/driver";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import { type BrokerAddress, DEFAULT_URL, parseAddress } from "./address.ts";
import { type ManagementAddress, parseManagementUrl } from "./management-address.ts";

export interface RabbitmqOptions {
  /**
   * `amqp://user:password@host:port/vhost`, or `amqps:` for TLS; several for the nodes of a cluster, tried in turn. As
   * everywhere in RabbitMQ no path means the virtual host `/`, and another slash in a name is written `%2F`.
   * @default "amqp://guest:guest@127.0.0.1:5672/"
   */
  readonly url?: string | readonly string[] | undefined;
  /** Put before the name of every exchange and queue, so that several environments can share a virtual host. @default "" */
  readonly prefix?: string | undefined;
  /** How often both sides must give a sign of life, in seconds; two silent intervals end the connection. 1 to 3600. @default 10 */
  readonly heartbeatSeconds?: number | undefined;
  /** How long one attempt to connect may take, in ms; 100 to 60,000. The first connection is given up after 10 s, or after this if it is longer. @default 10,000 */
  readonly connectTimeoutMs?: number | undefined;
  /** How the management pages name the connections; ` publish`, ` consume` and ` letters` are added. @default "anytopic" */
  readonly connectionName?: string | undefined;
  /** `content_type` of every message that is published, for foreign consumers that look at it: `"application/json"`. @default none */
  readonly contentType?: string | undefined;
  /**
   * `http://user:password@host:15672` or `https:`: the management API, which `plan` and `verify` then ask for policies that
   * would delete retries or dead letters. AMQP cannot see policies. Without credentials those of `url` are used. @default none
   */
  readonly managementUrl?: string | undefined;
  /** Options of Node's TLS for `amqps:`, such as `ca`, `cert`, `key`, `servername`; with `amqp:`, which has no TLS, an error. */
  readonly tls?: TlsOptions | undefined;
}

/** Options with all defaults; frozen. */
export interface CheckedOptions {
  readonly addresses: readonly BrokerAddress[];
  readonly prefix: string;
  readonly heartbeatSeconds: number;
  readonly connectTimeoutMs: number;
  readonly connectionName: string;
  readonly contentType: string | undefined;
  readonly management: ManagementAddress | undefined;
  readonly tls: TlsOptions | undefined;
}

export const OPTION_NAMES = [
  "url",
  "prefix",
  "heartbeatSeconds",
  "connectTimeoutMs",
  "connectionName",
  "contentType",
  "managementUrl",
  "tls",
] as const;

/** Fills in the defaults and checks; throws a `TypeError` that names the option, and never a password. */
export function checkedOptions(options: RabbitmqOptions = {}): CheckedOptions {
  rejectUnknownKeys("rabbitmq", options, OPTION_NAMES);
  const urls =
    options.url === undefined || typeof options.url === "string" ? [options.url ?? DEFAULT_URL] : options.url;
  if (!Array.isArray(urls) || urls.length === 0)
    throw new TypeError("rabbitmq: url must be a string or a list of at least one");
  const addresses = urls.map((url: unknown) => parseAddress(url));
  const plain = addresses.find(({ secure }) => !secure);
  if (options.tls !== undefined && plain !== undefined) {
    throw new TypeError(`rabbitmq: tls is set, and url has ${plain.display}, which is without TLS: write amqps:`);
  }
  return Object.freeze({
    addresses: Object.freeze(addresses),
    prefix: text("prefix", options.prefix ?? "", 100),
    heartbeatSeconds: requireInteger("rabbitmq: heartbeatSeconds", options.heartbeatSeconds ?? 10, {
      min: 1,
      max: 3600,
      unit: "s",
    }),
    connectTimeoutMs: requireInteger("rabbitmq: connectTimeoutMs", options.connectTimeoutMs ?? 10_000, {
      min: 100,
      max: 60_000,
      unit: "ms",
    }),
    connectionName: text("connectionName", options.connectionName ?? "anytopic", 200),
    contentType: options.contentType === undefined ? undefined : text("contentType", options.contentType, 255),
    management:
      options.managementUrl === undefined
        ? undefined
        : parseManagementUrl(options.managementUrl, addresses[0] as BrokerAddress),
    tls: checkedTls(options.tls),
  });
}

function text(option: string, value: unknown, maxBytes: number): string {
  if (typeof value === "string" && Buffer.byteLength(value) <= maxBytes) return value;
  throw new TypeError(`rabbitmq: ${option} is ${shown(value)}: must be text of at most ${maxBytes} bytes`);
}

function checkedTls(tls: unknown): TlsOptions | undefined {
  if (tls === undefined || (typeof tls === "object" && tls !== null && !Array.isArray(tls))) return tls;
  throw new TypeError("rabbitmq: tls must be an object of options for TLS");
}
