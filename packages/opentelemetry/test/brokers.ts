import { aws } from "@anytopic/aws";
import { startBrokerOrSkip } from "@anytopic/brokers";
import { type Adapter, connect, type Instrumentation, type PubSub } from "@anytopic/core";
import { gcp } from "@anytopic/gcp";
import { memory } from "@anytopic/memory";
import { nats } from "@anytopic/nats";
import { rabbitmq } from "@anytopic/rabbitmq";

/** A broker of a test file. */
export interface TestBroker {
  readonly name: string;
  readonly url: string;
  connect(...instrumentation: readonly Instrumentation[]): Promise<PubSub>;
  close(): Promise<void>;
}

const ADAPTERS = {
  nats: (url: string): Adapter => nats({ servers: url }),
  rabbitmq: (url: string): Adapter => rabbitmq({ url }),
  aws: (endpoint: string): Adapter => aws({ region: "eu-west-1", endpoint }),
  gcp: (emulatorHost: string): Adapter => gcp({ projectId: "telemetry", emulatorHost }),
};

export const BROKER_NAMES = ["memory", "nats", "rabbitmq", "aws", "gcp"] as const;

/** `undefined` when this machine has no such broker. */
export async function startTestBroker(name: (typeof BROKER_NAMES)[number]): Promise<TestBroker | undefined> {
  if (name === "memory") {
    const adapter = memory();
    return {
      name,
      url: "memory:",
      connect: (...instrumentation) => connect(adapter, { instrumentation }),
      close: async () => {},
    };
  }
  const broker = await startBrokerOrSkip(name);
  if (broker === undefined) return undefined;
  return {
    name,
    url: broker.url,
    connect: (...instrumentation) => connect(ADAPTERS[name](broker.url), { instrumentation }),
    close: () => broker.close(),
  };
}
