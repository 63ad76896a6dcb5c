import type { RedisClient } from "./connection/dial.ts";
import {
  type DeliverySink,
  type Driver,
  type DriverContext,
  type DriverSubscriber,
  MovingSubscriber,
} from "@anytopic/core/driver";
import { Connection } from "./connection.ts";
import { RedisDeadLetters } from "./dead-letters.ts";
import { type SubscriptionNames, subscriptionNames, topicNames } from "./names.ts";
import type { CheckedOptions } from "./options.ts";
import { applyTopology, destroyTopology, planTopology } from "./provisioning.ts";
import { DueLooks } from "./publish/due-looks.ts";
import { RedisSchedule } from "./publish/redis-schedule.ts";
import { RedisPublisher } from "./publisher.ts";
import { requireGroup } from "./receive/require-group.ts";
import { seekSubscription } from "./topology/seek-subscription.ts";
import { readStatistics } from "./statistics.ts";
import { RedisSubscriber } from "./subscriber.ts";
import { currentNames } from "./topology/current-group.ts";

/** Connects to a Redis or Valkey server. */
export async function openDriver(
  options: CheckedOptions,
  context: DriverContext,
  signal?: AbortSignal,
): Promise<Driver<RedisClient | undefined>> {
  const connection = await Connection.open(options, context, signal);
  const { prefix } = options;
  const dueLooks = new DueLooks(connection);
  return {
    // Both are another one after a reconnect.
    get native() {
      return connection.native;
    },
    get server() {
      return connection.server;
    },
    get blindSpot() {
      return blindSpotOf(connection);
    },
    plan: async (topology, aborted) => planTopology(connection, topology, aborted),
    apply: async (topology, { update }) => applyTopology(connection, topology, update),
    destroy: async (topology) => destroyTopology(connection, topology),
    async openPublisher(topic) {
      if (topic.exactlyOnce) connection.requireKeptIds(topic.name);
      return new RedisPublisher(connection, topic, topicNames(prefix, topic));
    },
    openSchedule: async (topic) => new RedisSchedule(connection, topic, topicNames(prefix, topic)),
    async openSubscriber(spec, sink, { maxOutstanding }) {
      const open = async (names: SubscriptionNames, to: DeliverySink): Promise<DriverSubscriber> => {
        await requireGroup(connection, names);
        return new RedisSubscriber({ connection, dueLooks, names, spec, sink: to, maxOutstanding });
      };
      if (!spec.topic.replay) return open(subscriptionNames(prefix, spec), sink);
      return MovingSubscriber.open({
        path: `${spec.topic.name}/${spec.name}`,
        sink,
        context,
        async position() {
          await connection.waitUntilConnected();
          return currentNames(connection, spec);
        },
        isSame: (one, other) => one.group === other.group,
        open,
      });
    },
    stats: async (spec) => readStatistics(connection, await currentNames(connection, spec)),
    seek: async (spec, to) => seekSubscription(connection, spec, to),
    openDeadLetters: async (spec) => new RedisDeadLetters(connection, subscriptionNames(prefix, spec)),
    close: async (timeoutMs) => connection.close(timeoutMs),
  };
}

/** For `doctor`: what the server did not let us look at. */
function blindSpotOf({ unseen }: Connection): string | undefined {
  return unseen.length === 0
    ? undefined
    : `${unseen.join("; ")}; look at INFO memory and INFO persistence on the server`;
}
