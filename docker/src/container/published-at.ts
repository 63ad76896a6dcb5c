import { isIP } from "node:net";

/** The address on which a container's port is published, and the address that reaches it from this process. */
export interface PublishedAt {
  /** Of the engine's machine; empty means all of its addresses. */
  readonly hostIp: string;
  readonly host: string;
}

/**
 * As few machines as possible may reach a test broker, since it has well-known passwords or none. This process must
 * reach the address too, and only an engine on the same machine shares its loopback address. `engineHost` is what
 * testcontainers found: `localhost`, the bridge's gateway where this process seems to run in a container itself (a
 * file `/.dockerenv` is enough for that), or the host of a remote engine.
 */
export function publishedAt(engineHost: string): PublishedAt {
  // With a name for two addresses, clients would try ::1 first, where nothing listens.
  if (engineHost === "localhost") return { hostIp: "127.0.0.1", host: "127.0.0.1" };
  return { hostIp: isIP(engineHost) === 0 ? "" : engineHost, host: engineHost };
}
