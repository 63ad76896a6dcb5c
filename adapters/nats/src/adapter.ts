import type { NatsConnection } from "@nats-io/nats-core";
import type { Adapter, AdapterModule } from "@anytopic/core/driver";
import { capabilitiesFor } from "./capabilities.ts";
import { openDriver } from "./driver.ts";
import { exporterOf } from "./exporter.ts";
import { type CheckedOptions, checkedOptions, type NatsOptions, optionsFromUrl } from "./options.ts";

/**
 * anytopic on NATS JetStream, nats-server 2.9.10 or later.
 *
 * @throws TypeError when an option is unknown or out of range
 */
export function nats(options: NatsOptions = {}): Adapter<NatsConnection> {
  return adapter(checkedOptions(options));
}

/** For `connect("nats://…")`. */
export const adapterModule: AdapterModule = Object.freeze({
  schemes: Object.freeze(["nats", "tls"]),
  fromUrl: (url: string, options?: unknown) => adapter(optionsFromUrl(url, options)),
  exporter: (url: string, options?: unknown) => exporterOf(optionsFromUrl(url, options)),
});

function adapter(options: CheckedOptions): Adapter<NatsConnection> {
  return Object.freeze({
    name: "nats",
    capabilities: capabilitiesFor(options.maxPayloadBytes, options.deduplicationWindowMs),
    open: openDriver.bind(undefined, options),
  });
}
