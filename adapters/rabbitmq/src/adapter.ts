import type { Adapter, AdapterModule, SubscriptionSpec } from "@anytopic/core/driver";
import { rabbitmqCapabilities } from "./capabilities.ts";
import { openDriver, type RabbitmqNative } from "./driver.ts";
import { exporterOf } from "./exporter.ts";
import { type CheckedOptions, checkedOptions, optionsFromUrl, type RabbitmqOptions } from "./options.ts";

import { filterBindings } from "./topology/filter-bindings.ts";

/**
 * RabbitMQ 3.10 or later, as a broker for `connect()`. Contacts nobody.
 *
 * @throws TypeError when an option is not allowed; the message names it and what is allowed
 */
export function rabbitmq(options: RabbitmqOptions = {}): Adapter<RabbitmqNative> {
  return adapter(checkedOptions(options));
}

/** For `connect("amqp://…")`. */
export const adapterModule: AdapterModule = Object.freeze({
  schemes: Object.freeze(["amqp", "amqps"]),
  fromUrl: (url: string, options?: unknown) => adapter(optionsFromUrl(url, options)),
  exporter: (url: string, options?: unknown) => exporterOf(optionsFromUrl(url, options)),
});

function adapter(options: CheckedOptions): Adapter<RabbitmqNative> {
  return Object.freeze({
    name: "rabbitmq",
    capabilities: rabbitmqCapabilities,
    filterInWorker: ({ filter = [] }: SubscriptionSpec) => filterBindings(filter).inWorker,
    open: openDriver.bind(undefined, options),
  });
}
