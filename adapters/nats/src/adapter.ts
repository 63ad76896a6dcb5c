import type { Adapter, AdapterModule, DriverContext } from "@anytopic/core/driver";
import { capabilitiesFor } from "./capabilities.ts";
import { Connection } from "./connection.ts";
import { NatsDriver } from "./driver.ts";
import { exporterOf } from "./exporter.ts";
import { type CheckedOptions, checkedOptions, type NatsOptions } from "./options.ts";
import { optionsFromUrl } from "./connection/url.ts";

/**
 * anytopic on NATS JetStream, nats-server 2.9.10 or later.
 *
 * @throws TypeError when an option is unknown or out of range
 */
export function nats(options: NatsOptions = {}): Adapter {
  return adapter(checkedOptions(options));
}

/** For `connect("nats://…")`. */
export const adapterModule: AdapterModule = Object.freeze({
  schemes: Object.freeze(["nats", "tls"]),
  fromUrl: (url: string, options?: unknown) => adapter(optionsFromUrl(url, options)),
  exporter: (url: string, options?: unknown) => exporterOf(optionsFromUrl(url, options)),
});

function adapter(options: CheckedOptions): Adapter {
  return Object.freeze({
    name: "nats",
    capabilities: capabilitiesFor(options.maxPayloadBytes, options.deduplicationWindowMs),
    open: async (context: DriverContext, signal?: AbortSignal) =>
      new NatsDriver(await Connection.open(options, context, signal)),
  });
}
