import { aws } from "@anytopic/aws";
import type { Adapter } from "@anytopic/core/driver";
import { gcp } from "@anytopic/gcp";
import { nats } from "@anytopic/nats";
import { rabbitmq } from "@anytopic/rabbitmq";
import { redis } from "@anytopic/redis";

/** A running broker, as a separate process reaches it. */
export interface CrashBroker {
  readonly kind: "nats" | "rabbitmq" | "redis" | "aws" | "gcp";
  readonly url: string;
  /** `host:port`. */
  readonly address: string;
}

const ADAPTERS: Readonly<Record<CrashBroker["kind"], (broker: CrashBroker) => Adapter>> = {
  nats: ({ url }) => nats({ servers: url }),
  rabbitmq: ({ url }) => rabbitmq({ url }),
  redis: ({ address }) => redis({ servers: address }),
  aws: ({ url }) => aws({ region: "eu-west-1", endpoint: url }),
  gcp: ({ address }) => gcp({ projectId: "crash", emulatorHost: address }),
};

export function crashAdapter(broker: CrashBroker): Adapter {
  return ADAPTERS[broker.kind](broker);
}
