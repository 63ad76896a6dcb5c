import { HIDDEN_PARAMETER, mayShowParameter, PubSubError, shown } from "@anytopic/core/driver";
import type { NatsOptions } from "./options.ts";

const FORM = "nats://[user:password@|token@]host[:port][,host[:port]…][?option=value&…]";
const NUMBERS = [
  "replicas",
  "maxStreamBytes",
  "deduplicationWindowMs",
  "maxPayloadBytes",
  "maxAckPending",
  "leaderLeaseMs",
  "pingIntervalMs",
] as const;
const TEXTS = ["credentialsFile", "inboxPrefix", "domain", "prefix", "storage", "name"] as const;
const TLS_FILES = { tlsCaFile: "caFile", tlsCertFile: "certFile", tlsKeyFile: "keyFile" } as const;
const KNOWN = [...TEXTS, ...NUMBERS, "tls", ...Object.keys(TLS_FILES)].join(", ");

/**
 * Reads `nats://…` and `tls://…`. By hand, because a URL of several servers is not one by the URL standard, and so
 * that no error can quote the password.
 *
 * @throws PubSubError `INVALID_CONFIG`
 */
export function optionsFromUrl(url: string): NatsOptions {
  const match = /^(nats|tls):(?:\/\/([^/?#]*)\/?)?(?:\?([^#]*))?$/.exec(url);
  if (match === null) throw new PubSubError("INVALID_CONFIG", `the NATS URL is malformed: must be ${FORM}`);
  const [, scheme, authority = "", query = ""] = match;
  const asked = queryOptions(query);
  if (scheme === "tls" && asked.tls === false)
    throw new PubSubError("INVALID_CONFIG", "the NATS URL begins with tls: and says tls=false: only one can be meant");
  const at = authority.lastIndexOf("@");
  const hosts = authority.slice(at + 1);
  return {
    ...(hosts === "" ? {} : { servers: hosts.split(",") }),
    ...(at === -1 ? {} : loginOf(authority.slice(0, at))),
    ...(scheme === "tls" ? { tls: true } : {}),
    ...asked,
  };
}

function loginOf(userInfo: string): NatsOptions {
  const colon = userInfo.indexOf(":");
  if (colon === -1) return { token: decoded(userInfo) };
  return { user: decoded(userInfo.slice(0, colon)), password: decoded(userInfo.slice(colon + 1)) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new PubSubError("INVALID_CONFIG", "the credentials in the NATS URL are not percent-encoded correctly");
  }
}

function queryOptions(query: string): NatsOptions {
  const options: Record<string, unknown> = {};
  const tls: Record<string, string> = {};
  const seen = new Set<string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (seen.has(name)) throw new PubSubError("INVALID_CONFIG", `the NATS URL gives ${name} twice`);
    seen.add(name);
    if (name === "tls") options["tls"] = toFlag(value);
    else if (Object.hasOwn(TLS_FILES, name)) tls[TLS_FILES[name as keyof typeof TLS_FILES]] = value;
    else if (NUMBERS.some((known) => known === name)) options[name] = toNumber(name, value);
    else if (TEXTS.some((known) => known === name)) options[name] = value;
    else throw unknownOption(query, name);
  }
  if (Object.keys(tls).length === 0) return options;
  if (options["tls"] === false)
    throw new PubSubError("INVALID_CONFIG", "the NATS URL says tls=false and names TLS files: only one can be meant");
  options["tls"] = tls;
  return options;
}

function unknownOption(query: string, name: string): PubSubError {
  const which = mayShowParameter(query, name) ? shown(name) : HIDDEN_PARAMETER;
  return new PubSubError("INVALID_CONFIG", `the NATS URL has the unknown option ${which}: known are ${KNOWN}`);
}

function toFlag(value: string): boolean {
  if (value === "true" || value === "false") return value === "true";
  throw new PubSubError("INVALID_CONFIG", `tls in the NATS URL is ${shown(value)}: must be true or false`);
}

function toNumber(name: string, value: string): number {
  if (/^\d+$/.test(value)) return Number(value);
  throw new PubSubError("INVALID_CONFIG", `${name} in the NATS URL is ${shown(value)}: must be a whole number`);
}
