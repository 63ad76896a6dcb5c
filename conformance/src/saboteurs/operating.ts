import {
  PubSubError,
  type Adapter,
  type Driver,
  type DriverDelivery,
  type SubscriptionSpec,
  type SubscriptionStatistics,
  type TopicSpec,
  UNKNOWN_STATISTICS,
} from "@anytopic/core/driver";
import {
  forwardDriver,
  forwardPublisher,
  forwardSink,
  intercept,
  openWrappedSubscriber,
  type SubscriberChanges,
} from "../intercept.ts";
import { sabotageDriver, type Saboteur } from "./saboteur.ts";

/** The same topic, but declared without deduplication. */
const forgetful = (topic: TopicSpec): TopicSpec => ({ ...topic, exactlyOnce: false });
const ofForgetful = (subscription: SubscriptionSpec): SubscriptionSpec => ({
  ...subscription,
  topic: forgetful(subscription.topic),
});

/** Hides what went wrong. */
async function flat<Result>(promise: Promise<Result>): Promise<Result> {
  try {
    return await promise;
  } catch (cause) {
    throw new PubSubError("UNKNOWN", "something went wrong", { cause });
  }
}

export const operating: readonly Saboteur[] = [
  {
    name: "blind-plan",
    wrong: "everything declared is reported as existing",
    killedBy: ["topology.verify", "topology.ensure"],
    sabotage: sabotageDriver(() => ({ plan: () => Promise.resolve([]) })),
  },
  {
    name: "create-when-off",
    wrong: "a missing topic is created by publishing to it, although provisioning is off",
    killedBy: ["publish.missing-topic"],
    sabotage: sabotageDriver((driver) => ({
      openPublisher: async (topic) => {
        await driver.apply({ topics: [topic], subscriptions: [] }, { update: false });
        return await driver.openPublisher(topic);
      },
    })),
  },
  {
    name: "update-unasked",
    wrong: "what differs is changed although nobody asked for it",
    killedBy: ["topology.update"],
    sabotage: sabotageDriver((driver) => ({ apply: (topology) => driver.apply(topology, { update: true }) })),
  },
  {
    name: "destroy-nothing",
    wrong: "deleting topics and subscriptions leaves them",
    killedBy: ["topology.ensure", "topology.destroy"],
    sabotage: sabotageDriver(() => ({
      destroy: async ({ topics, subscriptions }) =>
        [...topics, ...subscriptions].map(({ physicalName }) => physicalName),
    })),
  },
  {
    name: "flat-errors",
    wrong: "every error has the code UNKNOWN",
    killedBy: ["publish.missing-topic"],
    sabotage: sabotageDriver((driver) => ({
      openPublisher: (topic) => flat(driver.openPublisher(topic)),
      openSubscriber: (subscription, sink, options) => flat(driver.openSubscriber(subscription, sink, options)),
      openDeadLetters: (subscription) => flat(driver.openDeadLetters(subscription)),
    })),
  },
  {
    name: "silent-failure",
    wrong: "a worker that cannot receive does not report it",
    killedBy: ["life.deleted-subscription"],
    sabotage: sabotageDriver((driver) => ({
      openSubscriber: (subscription, sink, options) =>
        driver.openSubscriber(subscription, forwardSink(sink, { failing: () => undefined }), options),
    })),
  },
  {
    name: "stop-ends-publishing",
    wrong: "once a worker stops, nothing more can be published on its connection",
    killedBy: ["shutdown.handlers-publish"],
    sabotage: sabotageDriver((driver) => {
      let stopped = false;
      return {
        async openSubscriber(subscription, sink, options) {
          const stop: SubscriberChanges["stop"] = (inner, timeoutMs) => {
            stopped = true;
            return inner.stop(timeoutMs);
          };
          return await openWrappedSubscriber(driver, subscription, sink, options, { stop });
        },
        openPublisher: async (topic) => {
          const publisher = await driver.openPublisher(topic);
          return forwardPublisher(publisher, {
            publish(batch) {
              if (!stopped) return publisher.publish(batch);
              return batch.forEach((request) => request.reject(new PubSubError("CLOSED", "the connection is closing")));
            },
          });
        },
      };
    }),
  },
  {
    name: "leave-timers",
    wrong: "timers of a connection go on after it was closed",
    killedBy: ["life.leaves-nothing"],
    says: "open resources",
    // So many that nothing else in this process can hide them, and not for ever, because the process must end.
    sabotage: sabotageDriver((driver) => ({
      close(timeoutMs) {
        for (let count = 0; count < 50; count += 1) setTimeout(() => undefined, 20_000);
        return driver.close(timeoutMs);
      },
    })),
  },
  {
    name: "failing-for-ever",
    wrong: "a worker that once could not receive never reports that it receives again",
    killedBy: ["life.deleted-subscription"],
    sabotage: sabotageDriver((driver) => ({
      openSubscriber: (subscription, sink, options) => {
        let failed = false;
        const failing: typeof sink.failing = (error) => {
          failed = true;
          sink.failing(error);
        };
        const receiving: typeof sink.receiving = (reconnected) => {
          if (!failed) sink.receiving(reconnected);
        };
        return driver.openSubscriber(subscription, forwardSink(sink, { failing, receiving }), options);
      },
    })),
  },
  {
    name: "talkative",
    wrong: "message bodies are logged",
    killedBy: ["life.payloads"],
    sabotage: (adapter) =>
      intercept(adapter, (driver, { logger }) =>
        forwardDriver(driver, {
          openSubscriber: (subscription, sink, options) => {
            const deliver = (delivery: DriverDelivery): void => {
              logger.debug({ body: Buffer.from(delivery.body).toString() }, "delivered");
              sink.deliver(delivery);
            };
            return driver.openSubscriber(subscription, forwardSink(sink, { deliver }), options);
          },
        }),
      ),
  },
  {
    name: "changing-capabilities",
    wrong: "capabilities change when the connection is opened",
    killedBy: ["capabilities.manifest"],
    sabotage(adapter): Adapter {
      const capabilities = { ...adapter.capabilities };
      return {
        name: adapter.name,
        capabilities,
        open(context, signal) {
          capabilities.maxMessageBytes = Math.floor(capabilities.maxMessageBytes / 2);
          return adapter.open(context, signal);
        },
      };
    },
  },
  {
    name: "claim-deduplication",
    wrong: "a deduplication window is declared, and nothing is deduplicated",
    killedBy: ["publish.deduplication"],
    sabotage: sabotageDriver((driver) => ({
      apply: ({ topics, subscriptions }, options) =>
        driver.apply({ topics: topics.map(forgetful), subscriptions: subscriptions.map(ofForgetful) }, options),
      openPublisher: (topic) => driver.openPublisher(forgetful(topic)),
      openSubscriber: (subscription, sink, options) => driver.openSubscriber(ofForgetful(subscription), sink, options),
    })),
  },
  {
    name: "zero-for-unknown",
    wrong: "numbers that the broker does not tell are 0 in the statistics",
    killedBy: ["observe.stats"],
    sabotage(adapter) {
      const { capabilities } = adapter;
      const statistics = Object.freeze({
        ...capabilities.statistics,
        inFlight: "unknown",
        oldestAgeMs: "unknown",
      } as const);
      const changed = { ...adapter, capabilities: Object.freeze({ ...capabilities, statistics }) };
      return intercept(changed, (driver) =>
        forwardDriver(driver, {
          stats: async (subscription) => ({ ...(await statsOf(driver, subscription)), inFlight: 0, oldestAgeMs: 0 }),
        }),
      );
    },
  },
  {
    name: "frozen-statistics",
    wrong: "the statistics are those of the first time that somebody asked",
    killedBy: ["observe.stats"],
    sabotage: sabotageDriver((driver) => {
      const first = new Map<string, Promise<SubscriptionStatistics>>();
      return {
        stats: (subscription) => {
          const path = `${subscription.topic.physicalName}/${subscription.physicalName}`;
          const read = first.get(path) ?? statsOf(driver, subscription);
          first.set(path, read);
          return read;
        },
      };
    }),
  },
  {
    name: "delayed-are-waiting",
    wrong: "messages that wait for the delay of their retry count as waiting",
    killedBy: ["observe.stats"],
    sabotage: sabotageDriver((driver) => ({
      stats: async (subscription) => {
        const read = await statsOf(driver, subscription);
        return { ...read, waiting: (read.waiting ?? 0) + (read.delayed ?? 0), delayed: 0 };
      },
    })),
  },
  {
    name: "heads-only",
    wrong: "messages that wait for an earlier one of their key are missing in the statistics",
    killedBy: ["observe.stats-ordered"],
    says: "statistics to count 3 messages",
    sabotage: sabotageDriver((driver) => ({
      stats: async (subscription) => {
        const read = await statsOf(driver, subscription);
        return subscription.topic.ordered && read.inFlight !== 0 ? { ...read, waiting: 0 } : read;
      },
    })),
  },
  {
    name: "statistics-create",
    wrong: "to ask for the statistics of a subscription creates it",
    killedBy: ["observe.stats"],
    sabotage: sabotageDriver((driver) => ({
      stats: async (subscription) => {
        await driver.apply({ topics: [subscription.topic], subscriptions: [subscription] }, { update: false });
        return await statsOf(driver, subscription);
      },
    })),
  },
];

async function statsOf(driver: Driver, subscription: SubscriptionSpec): Promise<SubscriptionStatistics> {
  return (await driver.stats?.(subscription)) ?? UNKNOWN_STATISTICS;
}
