import type { Capabilities } from "@anytopic/core";
import type { Adapter, MessageLimits, TopicSpec } from "@anytopic/core/driver";
import { forwardDriver, forwardPublisher, intercept } from "@anytopic/core/intercept";

/** Adapters whose capabilities and message limits the kit finds by name, in `@anytopic/<name>/capabilities`. They do not load the broker's client library. */
export type AdapterName = "aws" | "gcp" | "memory" | "nats" | "rabbitmq" | "redis";

/** Another broker, by the name of its adapter, or by its capabilities: then the memory broker counts the bytes of a message. */
export type LikeBroker = AdapterName | Capabilities;

const PACKAGE_NAMES: readonly AdapterName[] = ["aws", "gcp", "memory", "nats", "rabbitmq", "redis"];

interface Known {
  readonly capabilities: Capabilities;
  readonly messageLimits?: MessageLimitsOf;
}

type MessageLimitsOf = (topic: TopicSpec) => MessageLimits;

/** The memory adapter with the limits, refusals and delays of another one. */
export async function likeBroker(adapter: Adapter, like: LikeBroker | undefined): Promise<Adapter> {
  if (like === undefined) return adapter;
  const known: Known = typeof like === "string" ? await importKnown(like) : { capabilities: like };
  // A batch that waits for more messages would wait for virtual time, which waits for the publish.
  const publishBatch = Object.freeze({ ...known.capabilities.publishBatch, lingerMs: 0 });
  const capabilities = Object.freeze({ ...known.capabilities, publishBatch });
  const limited = known.messageLimits === undefined ? adapter : withLimits(adapter, known.messageLimits);
  return Object.freeze({ ...limited, name: typeof like === "string" ? like : adapter.name, capabilities });
}

/** Publishers count and refuse as that adapter's do. */
function withLimits(adapter: Adapter, messageLimits: MessageLimitsOf): Adapter {
  return intercept(adapter, (driver) =>
    forwardDriver(driver, {
      openPublisher: async (topic) => forwardPublisher(await driver.openPublisher(topic), messageLimits(topic)),
    }),
  );
}

async function importKnown(name: AdapterName): Promise<Known> {
  if (!PACKAGE_NAMES.includes(name)) {
    throw new TypeError(`like is ${JSON.stringify(name)}: must be one of ${PACKAGE_NAMES.join(", ")}, or capabilities`);
  }
  const specifier = `@anytopic/${name}/capabilities`;
  let found: Readonly<Record<string, unknown>>;
  try {
    found = (await import(specifier)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new Error(`like: "${name}" needs the package @anytopic/${name}: npm install --save-dev @anytopic/${name}`, {
      cause: error,
    });
  }
  const capabilities = found[`${name}Capabilities`] as Capabilities | undefined;
  const messageLimits = found[`${name}MessageLimits`] as MessageLimitsOf | undefined;
  if (capabilities !== undefined && messageLimits !== undefined) return { capabilities, messageLimits };
  const missing = capabilities === undefined ? `${name}Capabilities` : `${name}MessageLimits`;
  throw new Error(`${specifier} exports no ${missing}: install the version that matches @anytopic/testing`);
}
