import type { Driver, DriverContext } from "@anytopic/core/driver";
import { Connection } from "./connection.ts";
import { RedisDeadLetters } from "./dead-letters.ts";
import { subscriptionNames, topicNames } from "./names.ts";
import type { CheckedOptions } from "./options.ts";
import { applyTopology, destroyTopology, planTopology } from "./provisioning.ts";
import { RedisPublisher } from "./publisher.ts";
import { requireGroup } from "./receive/require-group.ts";
import { RedisSchedule } from "./publish/redis-schedule.ts";
import { readStatistics } from "./statistics.ts";
import { RedisSubscriber } from "./subscriber.ts";

/** Connects to a Redis or Valkey server. */
export async function openDriver(
  options: CheckedOptions,
  context: DriverContext,
  signal?: AbortSignal,
): Promise<Driver> {
  const connection = await Connection.open(options, context, signal);
  const { prefix } = options;
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
      const names = subscriptionNames(prefix, spec);
      await requireGroup(connection, names);
      return new RedisSubscriber({ connection, names, spec, sink, maxOutstanding });
    },
    stats: async (spec) => readStatistics(connection, subscriptionNames(prefix, spec)),
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
