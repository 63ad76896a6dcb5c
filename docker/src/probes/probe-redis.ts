import type { Probe, ProbeResult } from "./probe.ts";
import { readFirstBytes } from "./read-first-bytes.ts";

/** The longest answer that `INFO server` gives, with room. */
const MAX_ANSWER_BYTES = 65_536;

/**
 * Redis and Valkey answer `INFO server` as a bulk string. A server that asks for a password answers `-NOAUTH`: it runs, and tells
 * nothing more. While it still loads its data it answers `-LOADING`.
 */
export const probeRedis: Probe = async (host, port) => {
  const bytes = await readFirstBytes(host, port, Buffer.from("INFO server\r\n"), isWhole);
  const answer = bytes?.toString("utf8") ?? "";
  if (answer.startsWith("-NOAUTH") || answer.startsWith("-NOPERM")) return { implementation: "redis" };
  return answer.startsWith("$") ? identity(answer) : undefined;
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
  const end = bytes.indexOf("\r\n");
  if (end === -1) return bytes.length > MAX_ANSWER_BYTES;
  if (bytes[0] !== "$".charCodeAt(0)) return true;
  return bytes.length >= end + 4 + Number(bytes.toString("utf8", 1, end));
}
