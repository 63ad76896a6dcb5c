import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { PubSubError } from "@anytopic/core/driver";
import type { ClientConfig } from "@google-cloud/pubsub";
import type { CheckedOptions } from "../options.ts";

/** Through one of these, the proxy resolves the host. https://grpc.github.io/grpc/core/md_doc_environment_variables.html */
const PROXIES = ["grpc_proxy", "https_proxy", "http_proxy"] as const;

/** The endpoint as it was configured, and by what name. Undefined: Google's own. The order is the client library's. */
function configuredEndpoint({
  emulatorHost,
  clientConfig: { apiEndpoint },
}: CheckedOptions): readonly [name: string, text: string | undefined] | undefined {
  const { PUBSUB_EMULATOR_HOST, CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB } = process.env;
  const candidates = {
    emulatorHost,
    "clientConfig.apiEndpoint": apiEndpoint,
    PUBSUB_EMULATOR_HOST,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB,
  };
  return Object.entries<string | undefined>(candidates).find(([, text]) => text !== undefined && text !== "");
}

/**
 * Whether the connection is in plain text, to an emulator: only when one was asked for, by `emulatorHost`,
 * `PUBSUB_EMULATOR_HOST`, `http://` or `emulatorMode`. The client library treats every host but Google's as an emulator.
 *
 * @throws PubSubError `INVALID_CONFIG`
 */
export function isEmulator(options: CheckedOptions): boolean {
  const [name, text = ""] = configuredEndpoint(options) ?? [];
  if (name !== "emulatorHost" && name !== "PUBSUB_EMULATOR_HOST")
    return options.clientConfig.emulatorMode ?? text.startsWith("http:");
  if (!text.startsWith("https:")) return true;
  throw new PubSubError(
    "INVALID_CONFIG",
    `${name} begins with https: an emulator has no TLS; use clientConfig.apiEndpoint for a server with TLS`,
  );
}

/** Writes the configured endpoint into the client library's configuration, because the library cannot read IPv6 addresses. */
export function applyEndpoint(config: ClientConfig, options: CheckedOptions): void {
  const [, text] = configuredEndpoint(options) ?? [];
  if (text === undefined) return;
  const scheme = /^https?:/.exec(text)?.[0];
  const url = URL.parse(scheme === undefined ? `http://${text}` : text);
  if (url === null) return;
  // gRPC wants the brackets of an IPv6 address, as the URL has them.
  config.servicePath = url.hostname;
  // A URL leaves out the default port of its scheme.
  const port = /:(\d+)\/*$/.exec(text)?.[1] ?? { "http:": 80, "https:": 443 }[scheme ?? ""];
  if (port !== undefined) config.port = Number(port);
}

/** @throws PubSubError `UNAVAILABLE` when the host has no address. gRPC would look for one for 10 s and report nothing. */
export async function requireAddress(host: string): Promise<void> {
  const address = host.replaceAll(/[[\]]/g, "");
  if (isIP(address) !== 0 || PROXIES.some((name) => (process.env[name] ?? "") !== "")) return;
  try {
    await lookup(address);
  } catch (error) {
    throw new PubSubError(
      "UNAVAILABLE",
      `cannot connect to ${address}: this host name does not resolve; check emulatorHost, apiEndpoint and the network`,
      { cause: error },
    );
  }
}
