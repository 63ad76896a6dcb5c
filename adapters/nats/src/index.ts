import { PubSubError, rejectUnknownKeys, type Adapter, type AdapterModule } from "@anytopic/core/driver";
import { capabilitiesFor } from "./capabilities.ts";
import { Connection } from "./connection.ts";
import { NatsDriver } from "./driver.ts";
import { exporterOf } from "./exporter.ts";
import { checkedOptions, OPTION_NAMES, type NatsOptions } from "./options.ts";
import { optionsFromUrl } from "./url.ts";

export { natsCapabilities } from "./capabilities.ts";
export type { NatsOptions } from "./options.ts";

/**
 * anytopic on NATS JetStream, nats-server 2.9.10 or later.
 *
 * @throws TypeError when an option is unknown or out of range
 */
export function nats(options: NatsOptions = {}): Adapter {
  const checked = checkedOptions(options);
  return Object.freeze({
    name: "nats",
    capabilities: capabilitiesFor(checked.maxPayloadBytes, checked.deduplicationWindowMs),
    open: async (...[context, signal]: Parameters<Adapter["open"]>) =>
      new NatsDriver(await Connection.open(checked, context, signal)),
  } satisfies Adapter);
}

/** For `connect("nats://…")`. */
export const adapterModule: AdapterModule = Object.freeze({
  schemes: Object.freeze(["nats", "tls"]),
  fromUrl: (url: string, options?: unknown): Adapter => nats(merged(url, options)),
  exporter: (url: string, options?: unknown) => exporterOf(checkedOptions(merged(url, options))),
} satisfies AdapterModule);

/** @throws PubSubError `INVALID_CONFIG` */
function merged(url: string, options: unknown): NatsOptions {
  const fromUrl = optionsFromUrl(url);
  try {
    const all = { ...fromUrl, ...extraOptions(fromUrl, options) };
    checkedOptions(all);
    return all;
  } catch (error) {
    if (error instanceof TypeError) throw new PubSubError("INVALID_CONFIG", error.message, { cause: error });
    throw error;
  }
}

function extraOptions(fromUrl: NatsOptions, options: unknown): NatsOptions {
  if (options === undefined) return {};
  if (typeof options !== "object" || options === null) throw new TypeError("nats: options must be an object");
  rejectUnknownKeys("nats", options, OPTION_NAMES);
  const twice = Object.keys(options).filter((name) => Object.hasOwn(fromUrl, name));
  if (twice.length > 0) throw new TypeError(`nats: ${twice.join(", ")} given both in the URL and in the options`);
  return options;
}
