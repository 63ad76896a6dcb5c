import { PubSubError, type SubscriptionSpec, type TopicSpec } from "@anytopic/core/driver";
import { sabotageDriver, type Saboteur } from "./saboteur.ts";

const MAX_NAME = 60;

const cut = (topic: TopicSpec): TopicSpec => ({ ...topic, physicalName: topic.physicalName.slice(0, MAX_NAME) });
const ofCut = (subscription: SubscriptionSpec): SubscriptionSpec => ({
  ...subscription,
  topic: cut(subscription.topic),
  physicalName: subscription.physicalName.slice(0, MAX_NAME),
});

const missing = (name: string): PubSubError => new PubSubError("NOT_FOUND", `nobody here has created ${name}`);

/** Adapters that create, find or name the broker's resources in a wrong way. */
export const provisioning: readonly Saboteur[] = [
  {
    name: "creation-race",
    wrong: "whoever creates what another process has just created fails, because it exists already",
    killedBy: ["delivery.concurrent-open-close"],
    says: "already exists",
    sabotage: sabotageDriver((driver) => ({
      async apply(topology, options) {
        const expected = await driver.plan(topology);
        await new Promise((resolve) => setTimeout(resolve, 5));
        const done = await driver.apply(topology, options);
        if (done.length < expected.length) throw new PubSubError("UNKNOWN", "the topic already exists");
        return done;
      },
    })),
  },
  {
    name: "subscription-when-read",
    wrong: "a subscription is created when somebody reads it for the first time",
    killedBy: ["delivery.new-subscription"],
    says: "to complete",
    sabotage: sabotageDriver((driver) => ({
      apply: ({ topics, subscriptions }, options) =>
        driver.apply({ topics: [...topics, ...subscriptions.map(({ topic }) => topic)], subscriptions: [] }, options),
      async openSubscriber(subscription, sink, options) {
        await driver.apply({ topics: [], subscriptions: [subscription] }, { update: false });
        return await driver.openSubscriber(subscription, sink, options);
      },
      async openDeadLetters(subscription) {
        await driver.apply({ topics: [], subscriptions: [subscription] }, { update: false });
        return await driver.openDeadLetters(subscription);
      },
    })),
  },
  {
    name: "remember-topics",
    wrong: "once a topic is known to exist, its subscriptions are not created any more",
    killedBy: ["delivery.publish-then-subscribe"],
    says: "NOT_FOUND",
    sabotage: sabotageDriver((driver) => {
      const known = new Set<string>();
      return {
        apply: ({ topics, subscriptions }, options) =>
          driver.apply(
            {
              topics: topics.filter(({ name }) => !known.has(name)),
              subscriptions: subscriptions.filter(({ topic }) => !known.has(topic.name)),
            },
            options,
          ),
        openPublisher(topic) {
          known.add(topic.name);
          return driver.openPublisher(topic);
        },
      };
    }),
  },
  {
    name: "cut-names",
    wrong: "names are cut to sixty characters, so that long ones become one",
    killedBy: ["delivery.isolation"],
    says: "every subscription to get five messages",
    sabotage: sabotageDriver((driver) => ({
      apply: ({ topics, subscriptions }, options) =>
        driver.apply({ topics: topics.map(cut), subscriptions: subscriptions.map(ofCut) }, options),
      destroy: ({ topics, subscriptions }) =>
        driver.destroy({ topics: topics.map(cut), subscriptions: subscriptions.map(ofCut) }),
      openPublisher: (topic) => driver.openPublisher(cut(topic)),
      openSubscriber: (subscription, sink, options) => driver.openSubscriber(ofCut(subscription), sink, options),
      openDeadLetters: (subscription) => driver.openDeadLetters(ofCut(subscription)),
    })),
  },
  {
    name: "know-only-own",
    wrong: "a driver finds only what it has created itself",
    killedBy: ["topology.off"],
    says: "nobody here has created",
    sabotage: sabotageDriver((driver) => {
      const own = new Set<string>();
      return {
        apply(topology, options) {
          for (const { name } of topology.topics) own.add(name);
          for (const { topic } of topology.subscriptions) own.add(topic.name);
          return driver.apply(topology, options);
        },
        async openPublisher(topic) {
          if (!own.has(topic.name)) throw missing(topic.name);
          return await driver.openPublisher(topic);
        },
        async openSubscriber(subscription, sink, options) {
          if (!own.has(subscription.topic.name)) throw missing(subscription.name);
          return await driver.openSubscriber(subscription, sink, options);
        },
      };
    }),
  },
];
