import { decodedUrlPart } from "@anytopic/core/driver";

/** Where one node is, and who we are there. */
export interface BrokerAddress {
  readonly secure: boolean;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  readonly vhost: string;
  readonly username: string;
  readonly password: string;
  /** `amqp://host:port/vhost`, for errors and logs: without user and password. */
  readonly display: string;
}

/** Without both slashes user and password would be read as the name of a virtual host, which errors show. */
const BEGINNING = /^amqps?:\/\//i;

/** Reads `amqp://user:password@host:port/vhost` without a query; throws a `TypeError` that shows no part of a bad URL, which may hold a password. */
export function parseAddress(url: string): BrokerAddress {
  const parts = BEGINNING.test(url) ? URL.parse(url) : null;
  if (parts === null) {
    throw new TypeError(
      'rabbitmq: url cannot be read: must look like "amqp://user:password@host:5672/vhost" or "amqps://…"',
    );
  }
  const secure = parts.protocol === "amqps:";
  const host = parts.hostname === "" ? "127.0.0.1" : parts.hostname.replace(/^\[|\]$/g, "");
  const shownHost = host.includes(":") ? `[${host}]` : host;
  if (parts.hash !== "") throw new TypeError("rabbitmq: url has a fragment (#…): write # in a password or name as %23");
  if (parts.search !== "")
    throw new TypeError("rabbitmq: url has a query: only the URL that is given to connect() may");
  if (parts.pathname.includes("@")) {
    throw new TypeError(
      "rabbitmq: url has an @ behind its host: write / ? # @ in user and password as %2F %3F %23 %40, and an @ in a virtual host as %40",
    );
  }
  if (parts.pathname.slice(1).includes("/")) {
    throw new TypeError("rabbitmq: url has more than one part in its path: write a slash in a virtual host as %2F");
  }
  const port = parts.port === "" ? (secure ? 5671 : 5672) : Number(parts.port);
  const vhost =
    parts.pathname.length <= 1 ? "/" : decodedUrlPart("rabbitmq: the virtual host in url", parts.pathname.slice(1));
  const anonymous = parts.username === "" && parts.password === "";
  return Object.freeze({
    secure,
    host,
    port,
    vhost,
    username: anonymous ? "guest" : decodedUrlPart("rabbitmq: the user in url", parts.username),
    password: anonymous ? "guest" : decodedUrlPart("rabbitmq: the password in url", parts.password),
    display: `${parts.protocol}//${shownHost}:${port}/${encodeURIComponent(vhost === "/" ? "" : vhost)}`,
  });
}
