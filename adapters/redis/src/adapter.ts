import type { RedisClient } from "./connection/dial.ts";
import type { Adapter, AdapterModule } from "@anytopic/core/driver";
import { capabilitiesFor } from "./capabilities.ts";
import { openDriver } from "./driver.ts";
import { exporterOf } from "./exporter.ts";
import { type CheckedOptions, checkedOptions, optionsFromUrl, type RedisOptions } from "./options.ts";

/**
 * anytopic on Redis Streams: redis-server 7.0 or later, or valkey-server 7.2 or later.
 *
 * @throws TypeError when an option is unknown or out of range
 */
export function redis(options: RedisOptions = {}): Adapter<RedisClient | undefined> {
  return adapter(checkedOptions(options));
}

/** For `connect("redis://…")`. */
export const adapterModule: AdapterModule = Object.freeze({
  schemes: Object.freeze(["redis", "rediss"]),
  fromUrl: (url: string, options?: unknown) => adapter(optionsFromUrl(url, options)),
  exporter: (url: string, options?: unknown) => exporterOf(optionsFromUrl(url, options)),
});

function adapter(options: CheckedOptions): Adapter<RedisClient | undefined> {
  return Object.freeze({
    name: "redis",
    capabilities: capabilitiesFor(options.durability),
    open: openDriver.bind(undefined, options),
  } satisfies Adapter<RedisClient | undefined>);
}
