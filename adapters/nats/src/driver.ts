import type { Driver, DriverContext } from "@anytopic/core/driver";
import { Connection } from "./connection.ts";
import { NatsDeadLetters } from "./dead-letters.ts";
import { subscriptionNames, topicNames } from "./names.ts";
import type { CheckedOptions } from "./options.ts";
import { OrderedSubscriber } from "./ordering/ordered-subscriber.ts";
import { applyTopology, destroyTopology, planTopology } from "./provisioning.ts";
import { Asker } from "./publish/asker.ts";
import { NatsPublisher } from "./publisher.ts";
import { requireConsumer } from "./receive/require-consumer.ts";
import { readStatistics } from "./statistics.ts";
import { NatsSubscriber } from "./subscriber.ts";

/** Connects to a NATS server with JetStream. */
export async function openDriver(
  options: CheckedOptions,
  context: DriverContext,
  signal?: AbortSignal,
): Promise<Driver> {
  const connection = await Connection.open(options, context, signal);
  const { prefix } = options;
  let asker: Asker | undefined;
  return {
    native: connection.nc,
    server: `nats-server ${connection.nc.info?.version ?? "unknown"}`,
    plan: async (topology, aborted) => planTopology(connection, topology, aborted),
    apply: async (topology, { update }) => applyTopology(connection, topology, update),
    destroy: async (topology) => destroyTopology(connection, topology),
    openPublisher: async (topic) => new NatsPublisher(connection, topicNames(prefix, topic)),
    async openSubscriber(spec, sink, { maxOutstanding }) {
      const names = subscriptionNames(prefix, spec);
      await requireConsumer(connection, names, spec);
      const worker = { connection, names, spec, sink, maxOutstanding };
      if (!spec.topic.ordered) return new NatsSubscriber(worker);
      const subscriber = new OrderedSubscriber(worker, (asker ??= new Asker(connection)));
      await subscriber.start();
      return subscriber;
    },
    async openDeadLetters(spec) {
      return new NatsDeadLetters(connection, subscriptionNames(prefix, spec), (asker ??= new Asker(connection)));
    },
    stats: async (spec) => readStatistics(connection, subscriptionNames(prefix, spec)),
    async close(timeoutMs) {
      asker?.close();
      await connection.close(timeoutMs);
    },
  };
}
