import { shown } from "@anytopic/core/driver";

export interface Address {
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORT = 6379;
const FORM = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@?#,[\]]+))(?::(\d{1,5}))?$/;

/** Reads `host:port`, `host` and `[address]:port`. @throws TypeError that never shows what may be a password */
export function parseAddress(text: string): Address {
  if (text.includes("@")) throw new TypeError("redis: servers must not contain credentials: use user and password");
  const [, address, name, digits] = FORM.exec(text) ?? [];
  const port = Number(digits ?? DEFAULT_PORT);
  const host = address ?? name;
  if (host === undefined || port < 1 || port > 65_535)
    throw new TypeError(`redis: servers contains ${shown(text)}: must be host:port`);
  return Object.freeze({ host, port });
}

export function shownAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

export function isSameAddress(one: Address, other: Address): boolean {
  return one.host === other.host && one.port === other.port;
}
