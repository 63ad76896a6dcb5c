import type { Clock, SubscriptionSpec, TopicSpec } from "@anytopic/core/driver";
import { BrokerTime } from "./broker-time.ts";
import { subscriptionNotFound, topicNotFound } from "./errors.ts";
import type { MemorySubscription } from "./memory-subscription.ts";
import { MemoryTopic } from "./memory-topic.ts";
import type { MemoryLimits } from "./options.ts";
import type { MemorySubscriber } from "./subscriber.ts";
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
  readonly options: MemoryLimits;
  readonly time: BrokerTime;
  readonly loop: WorkLoop;
  readonly #topics = new Map<string, MemoryTopic>();
  /** Workers whose subscription was deleted under them, by its path. */
  readonly #orphans = new Set<MemorySubscriber>();

  constructor(options: MemoryLimits, clock: Clock) {
    this.options = options;
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
    this.#topics.set(spec.physicalName, new MemoryTopic(this, spec));
  }

  createSubscription(spec: SubscriptionSpec): void {
    this.requireTopic(spec.topic).createSubscription(spec);
    for (const worker of this.#orphans) if (worker.attach()) this.#orphans.delete(worker);
  }

  /** With everything in it. */
  deleteSubscription(subscription: MemorySubscription): void {
    subscription.topic.deleteSubscription(subscription.name);
    for (const worker of subscription.delete()) {
      this.#orphans.add(worker);
      worker.orphaned(subscriptionNotFound(subscription.path));
    }
  }

  /** With its subscriptions. */
  deleteTopic(topic: MemoryTopic): void {
    for (const subscription of topic.subscriptions.values()) this.deleteSubscription(subscription);
    this.#topics.delete(topic.name);
  }

  /** The worker is closed: nobody needs to find it any more. */
  disown(worker: MemorySubscriber): void {
    this.#orphans.delete(worker);
  }

  topicStatistics(): readonly MemoryTopicStatistics[] {
    return [...this.#topics.values()].map(({ name, messages, bytes }) => ({ topic: name, messages, bytes }));
  }

  subscriptionStatistics(): readonly MemorySubscriptionStatistics[] {
    return [...this.#topics.values()].flatMap((topic) =>
      [...topic.subscriptions.values()].map(({ name, workers, out, letters }) => ({
        topic: topic.name,
        subscription: name,
        workers,
        outstanding: out,
        deadLetters: letters.size,
      })),
    );
  }
}
