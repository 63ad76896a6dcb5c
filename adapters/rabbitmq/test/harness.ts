import { startBroker, type Broker } from "@anytopic/brokers";
import { createTcpProxy, type AdapterRequest, type BrokerControl, type Harness } from "@anytopic/conformance";
import { rabbitmq, rabbitmqCapabilities, type RabbitmqOptions } from "@anytopic/rabbitmq";
import { createForeignClient } from "./foreign-client.ts";
import { hostilePublisher } from "./hostile-publisher.ts";
import { createInspector } from "./inspector.ts";

/** A proxy before the broker, and two clients that do not use anytopic. Stops the broker when closed. */
export async function createHarness(broker: Broker): Promise<Harness> {
  const proxy = await createTcpProxy({ targetHost: broker.host, targetPort: broker.port });
  const proxied = new URL(broker.url);
  proxied.host = `${proxy.host}:${proxy.port}`;
  const foreign = createForeignClient(broker.url);
  const hostile = hostilePublisher(broker.url);
  const inspector = createInspector(broker.url);
  // Two silent heartbeats end a half-open connection; a loaded machine can be silent too.
  const optionsOf = ({ throughProxy = false }: AdapterRequest = {}): RabbitmqOptions =>
    throughProxy ? { url: proxied.href, heartbeatSeconds: 2 } : { url: broker.url };
  const { kill, start, freeze, thaw } = broker;
  return {
    name: "rabbitmq",
    implementation: broker.implementation,
    version: broker.version,
    capabilities: rabbitmqCapabilities,
    slack: { retryUpperMs: 500 },
    quirks: [],
    survivesRestart: broker.survivesRestart,
    adapter: (request) => rabbitmq(optionsOf(request)),
    process: (request) => ({ module: import.meta.resolve("./process-adapter.ts"), args: optionsOf(request) }),
    ...(kill === undefined || start === undefined
      ? { lacks: { broker: "not ours to kill" } }
      : { broker: { kill, start, freeze, thaw, ...diskControl(broker) } }),
    knownFaults: { copiedRetries: COPIED_RETRIES },
    proxy,
    stats: (name) => inspector.stats(`${name.topic}.${name.subscription}`),
    foreign,
    hostile,
    deleteDeadLetters: ({ topic, subscription }) => inspector.deleteQueue(`${topic}.${subscription}.dead-letters`),
    unreachable: {
      adapter: () => rabbitmq({ url: "amqp://user:hunter2-hunter2@127.0.0.1:1/", connectTimeoutMs: 2000 }),
      secret: "hunter2-hunter2",
    },
    async close() {
      await Promise.allSettled([foreign.close(), hostile.close(), inspector.close()]);
      await proxy.close();
      await broker.close();
    },
  };
}

const COPIED_RETRIES =
  "a retry is published to a wait queue and then the original is acknowledged: AMQP cannot do both in one step (ADR 020)";

/** The broker believes that its disk is full, and blocks publishers, when less than this is free. */
const MORE_THAN_ANY_DISK = "1000000GB";
const ITS_DEFAULT = "50MB";

function diskControl({ admin }: Broker): Pick<BrokerControl, "fillDisk" | "freeDisk"> {
  if (admin === undefined) return {};
  const setLimit = async (limit: string): Promise<void> => void (await admin(["set_disk_free_limit", limit]));
  return { fillDisk: () => setLimit(MORE_THAN_ANY_DISK), freeDisk: () => setLimit(ITS_DEFAULT) };
}

/** For `--adapter` of the suite's command. */
export async function harness(): Promise<Harness> {
  return createHarness(await startBroker("rabbitmq"));
}
