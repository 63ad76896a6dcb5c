import type { Probe } from "./probe.ts";
import { readFirstBytes } from "./read-first-bytes.ts";

/** A NATS server speaks first: `INFO {"version":"2.9.10",...}`. */
export const probeNats: Probe = async (host, port) => {
  const bytes = await readFirstBytes(host, port, Buffer.alloc(0), (read) => read.includes("\n"));
  const line = bytes?.toString("utf8") ?? "";
  if (!line.startsWith("INFO ")) return undefined;
  const version = /"version":\s*"([^"]+)"/.exec(line)?.[1];
  return { implementation: "nats-server", ...(version === undefined ? {} : { version }) };
};
