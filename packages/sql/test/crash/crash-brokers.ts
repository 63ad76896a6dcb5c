import type { Adapter } from "@anytopic/core/driver";

/** A running broker, as a separate process reaches it. */
export interface CrashBroker {
  readonly kind: "nats" | "rabbitmq" | "redis" | "aws" | "gcp";
  readonly url: string;
  /** `host:port`. */
  readonly address: string;
}

/** Imports only what is needed: workers start often. */
const ADAPTERS: Readonly<Record<CrashBroker["kind"], (broker: CrashBroker) => Promise<Adapter>>> = {
  nats: async ({ url }) => (await import("@anytopic/nats")).nats({ servers: url }),
  rabbitmq: async ({ url }) => (await import("@anytopic/rabbitmq")).rabbitmq({ url }),
  redis: async ({ address }) => (await import("@anytopic/redis")).redis({ servers: address }),
  aws: async ({ url }) => (await import("@anytopic/aws")).aws({ region: "eu-west-1", endpoint: url }),
  gcp: async ({ address }) => (await import("@anytopic/gcp")).gcp({ projectId: "crash", emulatorHost: address }),
};

export async function crashAdapter(broker: CrashBroker): Promise<Adapter> {
  return await ADAPTERS[broker.kind](broker);
}
