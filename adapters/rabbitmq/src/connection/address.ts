import { decodedUrlPart } from "@anytopic/core/driver";

/** One node of the broker, and the login for it. */
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

/** The management API, and the login for it. */
export interface ManagementAddress {
  /** `http://host:port`, without credentials and without a slash at its end. */
  readonly origin: string;
  readonly vhost: string;
  /** `user:password`, for basic authentication. */
  readonly credentials: string;
}

/** Without both slashes, user and password would be read as the name of a virtual host, which errors show. */
const BEGINNING = /^amqps?:\/\//i;

/** Reads `amqp://user:password@host:port/vhost` without a query. Throws a `TypeError` that shows no part of a bad URL, since that may be a password. */
export function parseAddress(url: string): BrokerAddress {
  const parts = BEGINNING.test(url) ? URL.parse(url) : null;
  if (parts === null) {
    throw new TypeError(
      'rabbitmq: url cannot be read: must look like "amqp://user:password@host:5672/vhost" or "amqps://…"',
    );
  }
  const { protocol, hostname, hash, search, username, password } = parts;
  const path = parts.pathname.slice(1);
  if (hash !== "") throw new TypeError("rabbitmq: url has a fragment (#…): write # in a password or name as %23");
  if (search !== "")
    throw new TypeError("rabbitmq: url has a query: only the URL that is given to connect() may have one");
  if (path.includes("@")) {
    throw new TypeError(
      "rabbitmq: url has an @ behind its host: write / ? # @ in user and password as %2F %3F %23 %40, and an @ in a virtual host as %40",
    );
  }
  if (path.includes("/")) {
    throw new TypeError("rabbitmq: url has more than one part in its path: write a slash in a virtual host as %2F");
  }
  const secure = protocol === "amqps:";
  const port = parts.port === "" ? (secure ? 5671 : 5672) : Number(parts.port);
  const vhost = path === "" ? "/" : decodedUrlPart("rabbitmq: the virtual host in url", path);
  const anonymous = username === "" && password === "";
  return Object.freeze({
    secure,
    host: hostname === "" ? "127.0.0.1" : hostname.replace(/^\[|\]$/g, ""),
    port,
    vhost,
    username: anonymous ? "guest" : decodedUrlPart("rabbitmq: the user in url", username),
    password: anonymous ? "guest" : decodedUrlPart("rabbitmq: the password in url", password),
    display: `${protocol}//${hostname || "127.0.0.1"}:${port}/${encodeURIComponent(vhost === "/" ? "" : vhost)}`,
  });
}

/** Reads `http://user:password@host:port`. Throws a `TypeError` that shows no part of a bad URL, since that may be a password. */
export function parseManagementUrl(url: string, { vhost, username, password }: BrokerAddress): ManagementAddress {
  const parts = URL.parse(url);
  if (parts === null || !/^https?:$/.test(parts.protocol) || parts.search !== "" || parts.hash !== "") {
    throw new TypeError(
      'rabbitmq: managementUrl cannot be read: must look like "http://user:password@host:15672" or "https://…"',
    );
  }
  const path = parts.pathname.replace(/\/+$/, "");
  const own = parts.username !== "" || parts.password !== "";
  const decoded = (text: string): string => decodedUrlPart("rabbitmq: managementUrl", text);
  const credentials = own ? `${decoded(parts.username)}:${decoded(parts.password)}` : `${username}:${password}`;
  return Object.freeze({ origin: parts.origin + path, vhost, credentials });
}
