import type { MemoryBroker } from "./broker/memory-broker.ts";
import type { Adapter, AdapterModule } from "@anytopic/core/driver";
import { memoryCapabilities } from "./capabilities.ts";
import { openDriver } from "./driver.ts";
import { type CheckedOptions, checkedOptions, type MemoryOptions, optionsFromUrl } from "./options.ts";

/**
 * An in-memory broker for `connect`. Without a name every `connect` gets a broker of its own, which ends with the connection.
 *
 * @throws TypeError when an option is unknown or out of range
 */
export function memory(options: MemoryOptions = {}): Adapter<MemoryBroker> {
  return adapter(checkedOptions(options));
}

/** For `connect("memory:…")`; options are its query: `memory:orders?maxMessages=1000`. */
export const adapterModule: AdapterModule = Object.freeze({
  schemes: Object.freeze(["memory"]),
  fromUrl: (url: string, options?: unknown) => adapter(optionsFromUrl(url, options)),
});

function adapter(options: CheckedOptions): Adapter<MemoryBroker> {
  return Object.freeze({
    name: "memory",
    capabilities: memoryCapabilities,
    open: (context, signal) => openDriver(options, context, signal),
  } satisfies Adapter<MemoryBroker>);
}
