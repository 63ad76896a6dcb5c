import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { PubSubError } from "@anytopic/core/driver";
import type { ClientConfig } from "@google-cloud/pubsub";
import type { CheckedOptions } from "../options.ts";

/** Through one of these, the proxy resolves the host. https://grpc.github.io/grpc/core/md_doc_environment_variables.html */
const PROXIES = ["grpc_proxy", "https_proxy", "http_proxy"] as const;

export interface Endpoint {
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number | undefined;
}

/** What is connected to, as it was written, if anything was. The order is the client library's. */
function written({
  emulatorHost,
  clientConfig,
}: CheckedOptions): { readonly name: string; readonly text: string } | undefined {
  const { PUBSUB_EMULATOR_HOST, CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB } = process.env;
  const candidates = {
    emulatorHost,
    "clientConfig.apiEndpoint": clientConfig.apiEndpoint,
    PUBSUB_EMULATOR_HOST,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB,
  };
  for (const [name, text] of Object.entries(candidates)) if (text !== undefined && text !== "") return { name, text };
  return undefined;
}

/**
 * Whether the connection is in plain text, to an emulator: only when one was asked for, by `emulatorHost`,
 * `PUBSUB_EMULATOR_HOST`, `http://` or `emulatorMode`. The client library takes every host but Google's for one.
 *
 * @throws PubSubError `INVALID_CONFIG`
 */
export function isEmulator(options: CheckedOptions): boolean {
  const { name, text } = written(options) ?? {};
  if (text === undefined) return options.clientConfig.emulatorMode === true;
  if (name === "emulatorHost" || name === "PUBSUB_EMULATOR_HOST") {
    if (!text.startsWith("https:")) return true;
    throw new PubSubError(
      "INVALID_CONFIG",
      `${name} begins with https: an emulator speaks no TLS; use clientConfig.apiEndpoint for a server that does`,
    );
  }
  return options.clientConfig.emulatorMode ?? text.startsWith("http:");
}

/** Undefined when nothing was said: Google's own. The client library cannot read IPv6 addresses. */
export function endpointOf(options: CheckedOptions): Endpoint | undefined {
  const text = written(options)?.text;
  if (text === undefined) return undefined;
  const scheme = /^https?:/.exec(text)?.[0];
  const url = URL.parse(scheme === undefined ? `http://${text}` : text);
  if (url === null) return undefined;
  // A URL leaves out the port that its scheme has by itself.
  const port = /:(\d+)\/*$/.exec(text)?.[1] ?? { "http:": 80, "https:": 443 }[scheme ?? ""];
  return { host: url.hostname.replaceAll(/[[\]]/g, ""), port: port === undefined ? undefined : Number(port) };
}

/** For the library's own configuration. gRPC wants the brackets. */
export function applyEndpoint(config: ClientConfig, { host, port }: Endpoint): void {
  config.servicePath = isIP(host) === 6 ? `[${host}]` : host;
  if (port !== undefined) config.port = port;
}

/** @throws PubSubError `UNAVAILABLE` when the host has no address. gRPC would look for one for 10 s and say nothing. */
export async function requireAddress(host: string): Promise<void> {
  if (isIP(host) !== 0 || PROXIES.some((name) => (process.env[name] ?? "") !== "")) return;
  try {
    await lookup(host);
  } catch (error) {
    throw new PubSubError(
      "UNAVAILABLE",
      `cannot connect to ${host}: this host name does not resolve; check emulatorHost, apiEndpoint and the network`,
      { cause: error },
    );
  }
}
