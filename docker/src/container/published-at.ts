import { isIP } from "node:net";

/** The address that a container's port is published on, and the one that reaches it from here. */
export interface PublishedAt {
  /** Of the engine's machine; empty means all of its addresses. */
  readonly hostIp: string;
  readonly host: string;
}

/**
 * As few machines as possible may reach a test broker: it has well-known passwords or none. The address must be one that
 * this process reaches too, and only an engine on the same machine shares its loopback address. `engineHost` is what
 * testcontainers found: `localhost`, the bridge's gateway where this process seems to run in a container itself (a file
 * `/.dockerenv` is enough for that), or the host of a remote engine.
 */
export function publishedAt(engineHost: string): PublishedAt {
  // A name for two addresses would have clients try ::1 first, where nothing listens.
  if (engineHost === "localhost") return { hostIp: "127.0.0.1", host: "127.0.0.1" };
  return { hostIp: isIP(engineHost) === 0 ? "" : engineHost, host: engineHost };
}
