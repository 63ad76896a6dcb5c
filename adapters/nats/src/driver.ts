import type { NatsConnection } from "@nats-io/nats-core";
import {
  type DeliverySink,
  type Driver,
  type DriverContext,
  type DriverDelivery,
  type DriverSubscriber,
  MovingSubscriber,
} from "@anytopic/core/driver";
import { Connection } from "./connection.ts";
import { warnOfServerFaults } from "./connection/warn-of-server-faults.ts";
import { NatsDeadLetters } from "./dead-letters.ts";
import { subscriptionNames, topicNames } from "./names.ts";
import type { CheckedOptions } from "./options.ts";
import { OrderedSubscriber } from "./ordering/ordered-subscriber.ts";
import { applyTopology, destroyTopology, planTopology } from "./provisioning.ts";
import { Asker } from "./publish/asker.ts";
import { NatsPublisher } from "./publisher.ts";
import { requireConsumer } from "./receive/require-consumer.ts";
import { seekSubscription } from "./topology/seek-subscription.ts";
import { readStatistics } from "./statistics.ts";
import { NatsSubscriber } from "./subscriber.ts";
import { type ConsumerPosition, currentPosition } from "./topology/consumer-position.ts";

/** Connects to a NATS server with JetStream. */
export async function openDriver(
  options: CheckedOptions,
  context: DriverContext,
  signal?: AbortSignal,
): Promise<Driver<NatsConnection>> {
  const connection = await Connection.open(options, context, signal);
  const { prefix } = options;
  const version = connection.nc.info?.version ?? "unknown";
  warnOfServerFaults(version, context.logger);
  let asker: Asker | undefined;
  return {
    native: connection.nc,
    server: `nats-server ${version}`,
    plan: async (topology, aborted) => planTopology(connection, topology, aborted),
    apply: async (topology, { update }) => applyTopology(connection, topology, update),
    destroy: async (topology) => destroyTopology(connection, topology),
    openPublisher: async (topic) => new NatsPublisher(connection, topicNames(prefix, topic)),
    async openSubscriber(spec, sink, { maxOutstanding }) {
      const open = async ({ names }: Pick<ConsumerPosition, "names">, to: DeliverySink): Promise<DriverSubscriber> => {
        await requireConsumer(connection, names, spec);
        const worker = { connection, names, spec, sink: to, maxOutstanding };
        if (!spec.topic.ordered) return new NatsSubscriber(worker);
        const subscriber = new OrderedSubscriber(worker, (asker ??= new Asker(connection)));
        await subscriber.start();
        return subscriber;
      };
      if (!spec.topic.replay) return open({ names: subscriptionNames(prefix, spec) }, sink);
      return MovingSubscriber.open<ConsumerPosition, DriverDelivery>({
        path: `${spec.topic.name}/${spec.name}`,
        sink,
        context,
        async position() {
          await connection.waitUntilConnected();
          return currentPosition(connection, spec);
        },
        isSame: (one, other) => one.names.consumer === other.names.consumer && one.created === other.created,
        open,
      });
    },
    async openDeadLetters(spec) {
      return new NatsDeadLetters(connection, subscriptionNames(prefix, spec), (asker ??= new Asker(connection)));
    },
    async stats(spec) {
      const names = subscriptionNames(prefix, spec);
      return readStatistics(connection, spec.topic.replay ? (await currentPosition(connection, spec)).names : names);
    },
    seek: async (spec, to) => seekSubscription(connection, spec, to),
    async close(timeoutMs) {
      asker?.close();
      await connection.close(timeoutMs);
    },
  };
}
