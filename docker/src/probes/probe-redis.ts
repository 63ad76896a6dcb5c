import type { Probe, ProbeResult } from "./probe.ts";
import { readFirstBytes } from "./read-first-bytes.ts";

/** The longest answer that `INFO server` gives, with room. */
const MAX_ANSWER_BYTES = 65_536;

/**
 * Redis and Valkey answer `INFO server` as a bulk string, also while they still load their data; `PING` they then answer with `-LOADING`.
 * A server that asks for a password answers both with `-NOAUTH`: it runs, and tells nothing more.
 */
export const probeRedis: Probe = async (host, port) => {
  const bytes = await readFirstBytes(host, port, Buffer.from("PING\r\nINFO server\r\n"), isWhole);
  const answer = bytes?.toString("utf8") ?? "";
  if (answer.startsWith("-NOAUTH") || answer.startsWith("-NOPERM")) return { implementation: "redis" };
  return answer.startsWith("+PONG") ? identity(answer) : undefined;
};

function identity(info: string): ProbeResult | undefined {
  const field = (name: string): string | undefined => new RegExp(`^${name}:([^\r\n]+)`, "m").exec(info)?.[1];
  const valkey = field("valkey_version");
  const version = valkey ?? field("redis_version");
  if (version === undefined) return undefined;
  if (field("redis_mode") === "sentinel" || field("server_mode") === "sentinel")
    return { implementation: "redis-sentinel", version };
  return { implementation: valkey === undefined ? "redis" : "valkey", version };
}

function isWhole(bytes: Buffer): boolean {
  const start = bytes.indexOf("\r\n") + 2;
  const end = start === 1 ? -1 : bytes.indexOf("\r\n", start);
  if (end === -1) return bytes.length > MAX_ANSWER_BYTES;
  if (bytes[start] !== "$".charCodeAt(0)) return true;
  return bytes.length >= end + 4 + Number(bytes.toString("utf8", start + 1, end));
}
