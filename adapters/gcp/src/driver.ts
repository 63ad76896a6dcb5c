import type { PubSub } from "@google-cloud/pubsub";
import type { Driver, DriverContext } from "@anytopic/core/driver";
import { Connection } from "./connection.ts";
import { GcpDeadLetters } from "./dead-letters.ts";
import type { CheckedOptions } from "./options.ts";
import { applyTopology, destroyTopology, planTopology } from "./provisioning.ts";
import { GcpPublisher } from "./publisher.ts";
import { seekSubscription } from "./topology/seek-subscription.ts";
import { type GcpStatisticsReader, readStatistics } from "./statistics.ts";
import { GcpSubscriber } from "./subscriber.ts";

export async function openDriver(
  options: CheckedOptions,
  context: DriverContext,
  signal?: AbortSignal,
): Promise<Driver<PubSub>> {
  const connection = await Connection.open(options, context, signal);
  const { native, emulator, endpoint } = connection;
  const statisticsBy =
    (read: GcpStatisticsReader): NonNullable<Driver["stats"]> =>
    (spec) =>
      readStatistics(read, connection.projectId, options.prefix, spec);
  return {
    server: emulator ? `pubsub emulator at ${endpoint}` : endpoint,
    native,
    plan: async (topology, planSignal) => await planTopology(connection, topology, planSignal),
    apply: async (topology, { update }) => await applyTopology(connection, topology, update),
    destroy: async (topology) => await destroyTopology(connection, topology),
    openPublisher: async (topic) => new GcpPublisher(connection, topic),
    async openSubscriber(subscription, sink, subscriberOptions) {
      const channel = await connection.openChannel();
      const subscriber = new GcpSubscriber(connection, channel, subscription, sink, subscriberOptions);
      try {
        await subscriber.start();
      } catch (error) {
        await subscriber.close(0);
        throw error;
      }
      return subscriber;
    },
    async openDeadLetters(subscription) {
      const letters = new GcpDeadLetters(connection, subscription);
      await letters.check();
      return letters;
    },
    ...(options.statistics === undefined ? {} : { stats: statisticsBy(options.statistics) }),
    seek: (spec, to) => seekSubscription(connection, spec, to),
    close: (timeoutMs) => connection.close(timeoutMs),
  };
}
