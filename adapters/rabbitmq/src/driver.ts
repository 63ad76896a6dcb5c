import type { Driver, DriverContext } from "@anytopic/core/driver";
import type { ChannelModel } from "amqplib";
import { Connections } from "./connection/connections.ts";
import { RabbitmqDeadLetters } from "./dead-letters.ts";
import { OPEN_TIMEOUT_MS } from "./limits.ts";
import type { CheckedOptions } from "./options.ts";
import { applyTopology, destroyTopology, planTopology } from "./provisioning.ts";
import { RabbitmqPublisher } from "./publisher.ts";
import { RabbitmqSchedule } from "./publish/rabbitmq-schedule.ts";
import { readStatistics } from "./statistics.ts";
import { RabbitmqSubscriber } from "./subscriber.ts";
import { POLICIES_UNSEEN } from "./topology/policies.ts";
import { BINDINGS_UNSEEN } from "./topology/seen-bindings.ts";

/** amqplib's current objects: new ones after every reconnect, and undefined in between. They belong to the driver. */
export interface RabbitmqNative {
  /** The connection that publishes; undefined before something was published, subscribed or dead-lettered. */
  readonly publishConnection: ChannelModel | undefined;
  /** The connection that consumes and manages topology. */
  readonly consumeConnection: ChannelModel | undefined;
}

export async function openDriver(
  options: CheckedOptions,
  context: DriverContext,
  signal?: AbortSignal,
): Promise<Driver<RabbitmqNative>> {
  const connections = new Connections(options, context);
  const { consuming, publishing } = connections;
  try {
    await consuming.open(signal, Math.max(OPEN_TIMEOUT_MS, options.connectTimeoutMs));
  } catch (error) {
    await connections.close();
    throw error;
  }
  const native: RabbitmqNative = {
    get publishConnection() {
      return publishing.model;
    },
    get consumeConnection() {
      return consuming.model;
    },
  };
  return {
    get server() {
      return consuming.server.name;
    },
    native,
    blindSpot: options.management === undefined ? `${POLICIES_UNSEEN}; ${BINDINGS_UNSEEN}` : undefined,
    plan: (topology, aborted) => planTopology(consuming, topology, aborted),
    apply: (topology, how) => applyTopology(consuming, topology, how),
    destroy: (topology) => destroyTopology(consuming, topology),
    async openPublisher(topic) {
      await connections.startPublishing();
      return new RabbitmqPublisher(connections, await connections.ofTopics.take(), topic);
    },
    async openSchedule(topic) {
      await connections.startPublishing();
      return new RabbitmqSchedule(connections, topic);
    },
    async openSubscriber(spec, sink, { maxOutstanding }) {
      await connections.startPublishing();
      const connection = await connections.ofWorkers.take();
      const subscriber = new RabbitmqSubscriber(connections, connection, spec, sink, maxOutstanding);
      await subscriber.open();
      return subscriber;
    },
    async openDeadLetters(spec) {
      await connections.startPublishing();
      return new RabbitmqDeadLetters(connections, spec);
    },
    stats: (spec) => readStatistics(connections, spec),
    close: (timeoutMs) => connections.close(timeoutMs),
  };
}
