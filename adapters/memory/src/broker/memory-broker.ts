import type { Clock, SubscriptionSpec, TopicSpec } from "@anytopic/core/driver";
import { BrokerTime } from "./broker-time.ts";
import { subscriptionNotFound, topicNotFound } from "../errors.ts";
import type { MemoryLimits } from "../limits.ts";
import type { MemorySubscription } from "./memory-subscription.ts";
import { MemoryTopic } from "./memory-topic.ts";
import { WorkLoop } from "./work-loop.ts";

/** What a subscription holds now. */
export interface MemorySubscriptionStatistics {
  readonly topic: string;
  readonly subscription: string;
  readonly workers: number;
  /** Deliveries with workers. */
  readonly outstanding: number;
  readonly deadLetters: number;
}

/** What a topic holds now. */
export interface MemoryTopicStatistics {
  readonly topic: string;
  /** Messages that some subscription has not settled. */
  readonly messages: number;
  readonly bytes: number;
}

/** The broker: topics by name. Lives as long as somebody refers to it; see `memory` for named ones. */
export class MemoryBroker {
  readonly limits: MemoryLimits;
  readonly time: BrokerTime;
  readonly loop: WorkLoop;
  /** Called after a subscription was created. */
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
    if (topic === undefined) throw topicNotFound(spec.physicalName);
    return topic;
  }

  /** @throws PubSubError `NOT_FOUND` */
  requireSubscription(spec: SubscriptionSpec): MemorySubscription {
    const subscription = this.requireTopic(spec.topic).subscriptions.get(spec.physicalName);
    if (subscription === undefined) throw subscriptionNotFound(`${spec.topic.physicalName}/${spec.physicalName}`);
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
    for (const subscription of topic.subscriptions.values()) topic.deleteSubscription(subscription);
    this.#topics.delete(topic.name);
  }

  topicStatistics(): readonly MemoryTopicStatistics[] {
    return [...this.#topics.values()].map(({ name, unsettled: { messages, bytes } }) => ({
      topic: name,
      messages,
      bytes,
    }));
  }

  subscriptionStatistics(): readonly MemorySubscriptionStatistics[] {
    return [...this.#topics.values()].flatMap((topic) =>
      [...topic.subscriptions.values()].map(({ name, workers, outstanding, letters }) => ({
        topic: topic.name,
        subscription: name,
        workers,
        outstanding,
        deadLetters: letters.size,
      })),
    );
  }
}
