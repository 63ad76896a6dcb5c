import type { Adapter, AdapterModule } from "@anytopic/core/driver";
import { capabilitiesWithReader, gcpCapabilities } from "./capabilities.ts";
import { openDriver } from "./driver.ts";
import { exporterOf } from "./exporter.ts";
import { checkedOptions, type CheckedOptions, type GcpOptions, optionsFromUrl } from "./options.ts";

/**
 * Google Cloud Pub/Sub, configured but not yet contacted.
 *
 * @throws TypeError when an option is unknown or not allowed
 */
export function gcp(options: GcpOptions = {}): Adapter {
  return adapter(checkedOptions(options));
}

/** `gcp://<project>?prefix=…&emulatorHost=…&maxPulls=…` */
export const adapterModule: AdapterModule = Object.freeze({
  schemes: Object.freeze(["gcp"]),
  fromUrl: (url: string, options?: unknown) => adapter(optionsFromUrl(url, options)),
  exporter: (url: string, options?: unknown) => exporterOf(optionsFromUrl(url, options)),
});

function adapter(options: CheckedOptions): Adapter {
  return Object.freeze({
    name: "gcp",
    capabilities: options.statistics === undefined ? gcpCapabilities : capabilitiesWithReader,
    open: async (context, signal) => await openDriver(options, context, signal),
  } satisfies Adapter);
}
