import type { Broker } from "@anytopic/brokers";
import { createTcpProxy, type Harness } from "@anytopic/conformance";
import { rabbitmq, rabbitmqCapabilities } from "@anytopic/rabbitmq";
import { createForeignClient } from "./foreign-client.ts";
import { createInspector } from "./inspector.ts";

/** A proxy before the broker, and two clients that know nothing of anytopic. Ends the broker when closed. */
export async function createHarness(broker: Broker): Promise<Harness> {
  const proxy = await createTcpProxy({ targetHost: broker.host, targetPort: broker.port });
  const proxied = new URL(broker.url);
  proxied.host = `${proxy.host}:${proxy.port}`;
  const foreign = createForeignClient(broker.url);
  const inspector = createInspector(broker.url);
  const { kill, start } = broker;
  return {
    name: "rabbitmq",
    implementation: broker.implementation,
    version: broker.version,
    capabilities: rabbitmqCapabilities,
    slack: { retryUpperMs: 500 },
    quirks: [],
    survivesRestart: broker.survivesRestart,
    // Two silent heartbeats end a half-open connection; a loaded machine is silent at times, too.
    adapter: ({ throughProxy = false } = {}) =>
      throughProxy ? rabbitmq({ url: proxied.href, heartbeatSeconds: 2 }) : rabbitmq({ url: broker.url }),
    ...(kill === undefined || start === undefined
      ? { lacks: { broker: "not ours to kill" } }
      : { broker: { kill, start } }),
    proxy,
    stats: (name) => inspector.stats(`${name.topic}.${name.subscription}`),
    foreign,
    deleteDeadLetters: ({ topic, subscription }) => inspector.deleteQueue(`${topic}.${subscription}.dead-letters`),
    unreachable: {
      adapter: () => rabbitmq({ url: "amqp://user:hunter2-hunter2@127.0.0.1:1/", connectTimeoutMs: 2000 }),
      secret: "hunter2-hunter2",
    },
    async close() {
      await Promise.allSettled([foreign.close(), inspector.close()]);
      await proxy.close();
      await broker.close();
    },
  };
}
