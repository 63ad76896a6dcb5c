import type { OutgoingMessage, PublishRequest, PubSubError, SubscriptionSpec, TopicSpec } from "@anytopic/core/driver";
import type { SubscribedTopic } from "./backlog.ts";
import { sizeOf } from "../codec.ts";
import { DeduplicationWindow } from "./deduplication-window.ts";
import { exhausted } from "../errors.ts";
import { DEDUPLICATION_WINDOW_MS, type MemoryLimits } from "../limits.ts";
import { MemorySubscription } from "./memory-subscription.ts";
import { ScheduledMessages } from "./scheduled-messages.ts";
import { StorageQuota } from "./storage-quota.ts";
import { TopicMessage } from "./topic-message.ts";
import type { WorkLoop } from "./work-loop.ts";

/** What a topic contains now. */
export interface MemoryTopicStatistics {
  readonly topic: string;
  /** Messages that some subscription has not settled. */
  readonly messages: number;
  readonly bytes: number;
}

/** A topic: its subscriptions, and the count of what they have not settled. Each message is kept once. */
export class MemoryTopic implements SubscribedTopic {
  readonly name: string;
  readonly ordered: boolean;
  exactlyOnce: boolean;
  retentionMs: number;
  /** Messages that some subscription has not settled. */
  readonly #unsettled: StorageQuota;
  readonly #limits: MemoryLimits;
  readonly #loop: WorkLoop;
  readonly #subscriptions = new Map<string, MemorySubscription>();
  /** The values of the map, as an array: each publish walks them. */
  #fanOut: readonly MemorySubscription[] = [];
  readonly #recentIds: DeduplicationWindow;
  /** Messages that are not due yet. Most topics have none. */
  #scheduled: ScheduledMessages | undefined;

  constructor(spec: TopicSpec, limits: MemoryLimits, loop: WorkLoop) {
    this.name = spec.physicalName;
    this.ordered = spec.ordered;
    this.exactlyOnce = spec.exactlyOnce;
    this.retentionMs = spec.retentionMs;
    this.#unsettled = new StorageQuota(`topic ${this.name}`, limits);
    this.#limits = limits;
    this.#loop = loop;
    this.#recentIds = new DeduplicationWindow(DEDUPLICATION_WINDOW_MS, limits.maxDeduplicationIds);
  }

  get scheduled(): ScheduledMessages {
    this.#scheduled ??= new ScheduledMessages(this.name, this.#limits, this.#loop.time, (request, nowMs) =>
      this.publish(request, nowMs),
    );
    return this.#scheduled;
  }

  get subscriptions(): ReadonlyMap<string, MemorySubscription> {
    return this.#subscriptions;
  }

  createSubscription(spec: SubscriptionSpec): void {
    this.#subscriptions.set(spec.physicalName, new MemorySubscription(this, spec, this.#limits, this.#loop));
    this.#fanOut = [...this.#subscriptions.values()];
  }

  /** Deletes its messages and letters too. */
  deleteSubscription(subscription: MemorySubscription): void {
    this.#subscriptions.delete(subscription.name);
    this.#fanOut = [...this.#subscriptions.values()];
    subscription.delete();
  }

  /** With its subscriptions, and the messages that are not due yet. */
  delete(): void {
    for (const subscription of this.#subscriptions.values()) this.deleteSubscription(subscription);
    this.#scheduled?.delete();
  }

  /**
   * Stores the message for every subscription. An exactly-once topic drops it when its id was published within the window.
   * Other topics do not remember ids: at a million messages a second, ids would cost more than the messages.
   */
  publish(request: PublishRequest, nowMs: number): void {
    if (this.exactlyOnce && this.#recentIds.has(request.id, nowMs)) {
      request.accept();
      return;
    }
    const bytes = sizeOf(request);
    const isKept = this.#fanOut.length > 0;
    let refusal = isKept ? this.#unsettled.refusal(bytes) : undefined;
    if (this.exactlyOnce) refusal ??= this.#remember(request.id, nowMs);
    if (refusal !== undefined) {
      request.reject(refusal);
      return;
    }
    if (isKept) {
      const message = this.#store(request, bytes, nowMs);
      for (const subscription of this.#fanOut) subscription.add(message);
    }
    request.accept();
  }

  /** Stores the message for one subscription, also when its id was published before. */
  redeliver(message: OutgoingMessage, subscription: MemorySubscription): void {
    const bytes = sizeOf(message);
    const refusal = this.#unsettled.refusal(bytes);
    if (refusal !== undefined) throw refusal;
    subscription.add(this.#store(message, bytes, this.#loop.time.now()));
  }

  forget(message: TopicMessage): void {
    message.holders -= 1;
    if (message.holders === 0) this.#unsettled.remove(message.bytes);
  }

  statistics(): MemoryTopicStatistics {
    const { messages, bytes } = this.#unsettled;
    return { topic: this.name, messages, bytes };
  }

  #store(message: OutgoingMessage, bytes: number, nowMs: number): TopicMessage {
    this.#unsettled.add(bytes);
    return new TopicMessage(message, bytes, nowMs);
  }

  /** Returns why the id cannot be remembered, undefined when it is. */
  #remember(id: string, nowMs: number): PubSubError | undefined {
    if (!this.#recentIds.hasRoom(nowMs)) {
      const { maxDeduplicationIds } = this.#limits;
      return exhausted(`the deduplication window of topic ${this.name}`, "maxDeduplicationIds", maxDeduplicationIds);
    }
    this.#recentIds.remember(id, nowMs);
    return undefined;
  }
}
