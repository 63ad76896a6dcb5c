import type { PubSub } from "@google-cloud/pubsub";
import type { Adapter, AdapterModule } from "@anytopic/core/driver";
import { capabilitiesWithReader, gcpCapabilities } from "./capabilities.ts";
import { openDriver } from "./driver.ts";
import { exporterOf } from "./exporter.ts";
import { checkedOptions, type CheckedOptions, type GcpOptions, optionsFromUrl } from "./options.ts";
import { filterExpression } from "./topology/filter-expression.ts";

/**
 * Google Cloud Pub/Sub, configured but not yet contacted.
 *
 * @throws TypeError when an option is unknown or not allowed
 */
export function gcp(options: GcpOptions = {}): Adapter<PubSub> {
  return adapter(checkedOptions(options));
}

/** `gcp://<project>?prefix=…&emulatorHost=…&maxPulls=…` */
export const adapterModule: AdapterModule = Object.freeze({
  schemes: Object.freeze(["gcp"]),
  fromUrl: (url: string, options?: unknown) => adapter(optionsFromUrl(url, options)),
  exporter: (url: string, options?: unknown) => exporterOf(optionsFromUrl(url, options)),
});

function adapter(options: CheckedOptions): Adapter<PubSub> {
  const capabilities = options.statistics === undefined ? gcpCapabilities : capabilitiesWithReader;
  return Object.freeze({
    name: "gcp",
    capabilities: options.filtersAtService ? Object.freeze({ ...capabilities, filter: "broker" }) : capabilities,
    filterInWorker: ({ filter = [] }) => filterExpression(filter).inWorker,
    open: async (context, signal) => await openDriver(options, context, signal),
  } satisfies Adapter<PubSub>);
}
