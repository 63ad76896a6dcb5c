import type { Clock, SubscriptionSpec, TopicSpec } from "@anytopic/core/driver";
import { BrokerTime } from "./broker-time.ts";
import { notFound } from "../errors.ts";
import type { MemoryLimits } from "../limits.ts";
import type { MemorySubscription, MemorySubscriptionStatistics } from "./memory-subscription.ts";
import { MemoryTopic, type MemoryTopicStatistics } from "./memory-topic.ts";
import { WorkLoop } from "./work-loop.ts";

/** The broker: topics by name. One without a name lives as long as its connection, a named one as long as the process. */
export class MemoryBroker {
  readonly limits: MemoryLimits;
  readonly time: BrokerTime;
  readonly loop: WorkLoop;
  /** Called after each creation of a subscription. */
  readonly subscriptionListeners: Set<() => void> = new Set();
  readonly #topics = new Map<string, MemoryTopic>();

  constructor(limits: MemoryLimits, clock: Clock) {
    this.limits = limits;
    this.time = new BrokerTime(clock);
    this.loop = new WorkLoop(this.time);
  }

  topic(name: string): MemoryTopic | undefined {
    return this.#topics.get(name);
  }

  subscription(spec: SubscriptionSpec): MemorySubscription | undefined {
    return this.#topics.get(spec.topic.physicalName)?.subscriptions.get(spec.physicalName);
  }

  /** @throws PubSubError `NOT_FOUND` */
  requireTopic(spec: TopicSpec): MemoryTopic {
    const topic = this.#topics.get(spec.physicalName);
    if (topic === undefined) throw notFound(`topic ${spec.physicalName}`);
    return topic;
  }

  /** @throws PubSubError `NOT_FOUND` */
  requireSubscription(spec: SubscriptionSpec): MemorySubscription {
    const subscription = this.requireTopic(spec.topic).subscriptions.get(spec.physicalName);
    if (subscription === undefined) throw notFound(`subscription ${spec.topic.physicalName}/${spec.physicalName}`);
    return subscription;
  }

  createTopic(spec: TopicSpec): void {
    this.#topics.set(spec.physicalName, new MemoryTopic(spec, this.limits, this.loop));
  }

  createSubscription(spec: SubscriptionSpec): void {
    this.requireTopic(spec.topic).createSubscription(spec);
    for (const listener of this.subscriptionListeners) listener();
  }

  /** With its subscriptions. */
  deleteTopic(topic: MemoryTopic): void {
    topic.delete();
    this.#topics.delete(topic.name);
  }

  topicStatistics(): readonly MemoryTopicStatistics[] {
    return [...this.#topics.values()].map((topic) => topic.statistics());
  }

  subscriptionStatistics(): readonly MemorySubscriptionStatistics[] {
    return [...this.#topics.values()].flatMap(({ subscriptions }) =>
      [...subscriptions.values()].map((subscription) => subscription.statistics()),
    );
  }
}
