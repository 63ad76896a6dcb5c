import {
  type Checked,
  checkOptions,
  option,
  type OptionsFromUrl,
  type OptionTable,
  queryOptions,
  type UrlForm,
  urlReader,
} from "@anytopic/core/driver";
// oxlint-disable-next-line import/no-empty-named-blocks -- the compiler finds what is declared below only with an import
import type {} from "@anytopic/core/config";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import { type BrokerAddress, type ManagementAddress, parseAddress, parseManagementUrl } from "./connection/address.ts";

/** How to reach RabbitMQ, for `rabbitmq()` and for the options beside a URL. */
export interface RabbitmqOptions {
  /**
   * `amqp://user:password@host:port/vhost`, or `amqps:` for TLS; several for the nodes of a cluster, tried in turn. As in all
   * RabbitMQ clients, no path means the virtual host `/`, and a slash in its name is written as `%2F`.
   * @default "amqp://guest:guest@127.0.0.1:5672/"
   */
  readonly url?: string | readonly string[] | undefined;
  /** Put before the name of every exchange and queue, so that several environments can share a virtual host. @default "" */
  readonly prefix?: string | undefined;
  /** How often both sides must send something, in seconds; two silent intervals end the connection. 1 to 3600. @default 10 */
  readonly heartbeatSeconds?: number | undefined;
  /** How long one attempt to connect may take, in ms; 100 to 60,000. The first connection may take 10 s, or this if it is longer. @default 10,000 */
  readonly connectTimeoutMs?: number | undefined;
  /** The connections' name in the management pages; ` publish`, ` consume` and ` letters` are added. @default "anytopic" */
  readonly connectionName?: string | undefined;
  /** `content_type` of every published message, for foreign consumers that need it: `"application/json"`. @default none */
  readonly contentType?: string | undefined;
  /**
   * `http://user:password@host:15672` or `https:`: the management API. `plan` and `verify` then ask it for policies that
   * would delete retries or dead letters, which AMQP does not show. Without credentials, those of `url` are used. @default none
   */
  readonly managementUrl?: string | undefined;
  /** Options of Node's TLS for `amqps:`, such as `ca`, `cert`, `key`, `servername`; an error with `amqp:`. @default those of Node */
  readonly tls?: TlsOptions | undefined;
}

type Values = Checked<
  Omit<RabbitmqOptions, "url">,
  "heartbeatSeconds" | "connectTimeoutMs" | "prefix" | "connectionName"
> & { readonly url: readonly BrokerAddress[] };

/** Options with all defaults; frozen. */
export type CheckedOptions = Omit<Values, "url" | "managementUrl"> & {
  readonly addresses: readonly BrokerAddress[];
  readonly management: ManagementAddress | undefined;
};

const upTo = (bytes: number) => ({
  matches: (text: string) => Buffer.byteLength(text) <= bytes,
  allowed: `text of at most ${bytes} bytes`,
});

/** URL parameters have RabbitMQ's own names where there are such. */
export const OPTIONS: OptionTable<Values> = {
  adapter: "rabbitmq",
  rules: {
    url: option.list(["amqp://guest:guest@127.0.0.1:5672/"], parseAddress),
    heartbeatSeconds: option.integer({ min: 1, max: 3600, unit: "s", default: 10, inUrl: "heartbeat" }),
    connectTimeoutMs: option.integer({
      min: 100,
      max: 60_000,
      unit: "ms",
      default: 10_000,
      inUrl: "connection_timeout",
    }),
    prefix: option.text({ ...upTo(100), default: "" }),
    connectionName: option.text({ ...upTo(200), default: "anytopic", inUrl: "connection_name" }),
    contentType: option.text({ ...upTo(255), inUrl: "content_type" }),
    managementUrl: option.secret({ inUrl: "management_url" }),
    tls: option.object<TlsOptions>(),
  },
  words: { unknown: (parameter) => `rabbitmq: the URL has no parameter ${parameter}` },
};

/** Adds the defaults and checks; throws a `TypeError` that names the option, and never a password. */
export function checkedOptions(options: RabbitmqOptions = {}): CheckedOptions {
  const { url: addresses, managementUrl, ...values } = checkOptions(OPTIONS, options);
  const plain = addresses.find(({ secure }) => !secure);
  if (values.tls !== undefined && plain !== undefined)
    throw new TypeError(`rabbitmq: tls is set, but ${plain.display} in url has no TLS: write amqps:`);
  const management =
    managementUrl === undefined ? undefined : parseManagementUrl(managementUrl, addresses[0] as BrokerAddress);
  return Object.freeze({ ...values, addresses, management });
}

/** How the URLs of this adapter look. */
export const URL_FORM: UrlForm<Values> = {
  schemes: ["amqp", "amqps"],
  form: "amqp://[user:password@]host[:port][/virtual-host][?option=value&…]",
  examples: [
    "amqp://127.0.0.1",
    "amqp://app:${RABBITMQ_PASSWORD}@host:5672/orders?heartbeat=20",
    "amqps://host/orders?prefix=staging.&connection_name=orders",
  ],
  parts: { url: "the URL without its query" },
};

export const optionsFromUrl: OptionsFromUrl<CheckedOptions> = urlReader(OPTIONS, readUrl, checkedOptions);

function readUrl(text: string): RabbitmqOptions {
  const [url = "", ...query] = text.split("?");
  return { ...queryOptions(OPTIONS, text, query.join("?")), url };
}

/** For `defineConfig`. */
declare module "@anytopic/core/config" {
  interface AdapterOptions {
    /** With a URL that begins with `amqp:`. */
    readonly amqp: RabbitmqOptions;
    /** With a URL that begins with `amqps:`. */
    readonly amqps: RabbitmqOptions;
  }
}
