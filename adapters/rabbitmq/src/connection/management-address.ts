import { decodedUrlPart } from "@anytopic/core/driver";
import type { BrokerAddress } from "./address.ts";

/** Where the management API is, and who we are there. */
export interface ManagementAddress {
  /** `http://host:port`, without credentials and without a slash at its end. */
  readonly origin: string;
  readonly vhost: string;
  /** `user:password`, for basic authentication. */
  readonly credentials: string;
}

/** Reads `http://user:password@host:port`; throws a `TypeError` that shows no part of a bad URL, which may hold a password. */
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
