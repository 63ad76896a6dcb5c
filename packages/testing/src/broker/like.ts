import type { Capabilities } from "@anytopic/core";
import type { Adapter } from "@anytopic/core/driver";

/** Adapters whose capabilities the kit finds by name, in `@anytopic/<name>/capabilities`. They do not load the broker's client library. */
export type AdapterName = "aws" | "gcp" | "memory" | "nats" | "rabbitmq" | "redis";

/** Another broker, by the name of its adapter, or by its capabilities. */
export type LikeBroker = AdapterName | Capabilities;

const PACKAGE_NAMES: readonly AdapterName[] = ["aws", "gcp", "memory", "nats", "rabbitmq", "redis"];

/** The memory adapter with the limits, refusals and delays of another one. */
export async function likeBroker(adapter: Adapter, like: LikeBroker | undefined): Promise<Adapter> {
  if (like === undefined) return adapter;
  const known = typeof like === "string" ? await capabilitiesOf(like) : like;
  // A batch that waits for more messages would wait for virtual time, which waits for the publish.
  const capabilities = Object.freeze({ ...known, publishBatch: Object.freeze({ ...known.publishBatch, lingerMs: 0 }) });
  return Object.freeze({ ...adapter, name: typeof like === "string" ? like : adapter.name, capabilities });
}

async function capabilitiesOf(name: AdapterName): Promise<Capabilities> {
  if (!PACKAGE_NAMES.includes(name)) {
    throw new TypeError(`like is ${JSON.stringify(name)}: must be one of ${PACKAGE_NAMES.join(", ")}, or capabilities`);
  }
  const specifier = `@anytopic/${name}/capabilities`;
  let found: Readonly<Record<string, Capabilities>>;
  try {
    found = (await import(specifier)) as Readonly<Record<string, Capabilities>>;
  } catch (error) {
    throw new Error(`like: "${name}" needs the package @anytopic/${name}: npm install --save-dev @anytopic/${name}`, {
      cause: error,
    });
  }
  const capabilities = found[`${name}Capabilities`];
  if (capabilities !== undefined) return capabilities;
  throw new Error(`${specifier} exports no ${name}Capabilities: install the version that matches @anytopic/testing`);
}
