import type {
  OutgoingMessage,
  PublishRequest,
  PubSubError,
  SeekPosition,
  SubscriptionSpec,
  TopicSpec,
} from "@anytopic/core/driver";
import type { SubscribedTopic } from "./backlog.ts";
import { sizeOf } from "../codec.ts";
import { DeduplicationWindow } from "./deduplication-window.ts";
import { exhausted } from "../errors.ts";
import { DEDUPLICATION_WINDOW_MS, type MemoryLimits } from "../limits.ts";
import { KeptLog } from "./kept-log.ts";
import { MemorySubscription } from "./memory-subscription.ts";
import { ScheduledMessages } from "./scheduled-messages.ts";
import { StorageQuota } from "./storage-quota.ts";
import { TopicMessage } from "./topic-message.ts";
import type { WorkLoop } from "./work-loop.ts";

/** What a topic contains now. */
export interface MemoryTopicStatistics {
  readonly topic: string;
  /** Messages that some subscription has not settled, or that are kept for replay. */
  readonly messages: number;
  readonly bytes: number;
}

/** A topic: its subscriptions, the count of what they have not settled, and what is kept for replay. Each message is kept once. */
export class MemoryTopic implements SubscribedTopic {
  readonly name: string;
  readonly ordered: boolean;
  exactlyOnce: boolean;
  retentionMs: number;
  /** Messages that some subscription has not settled, or that are in the log. */
  readonly #stored: StorageQuota;
  readonly #limits: MemoryLimits;
  readonly #loop: WorkLoop;
  readonly #subscriptions = new Map<string, MemorySubscription>();
  /** The values of the map, as an array: each publish walks them. */
  #fanOut: readonly MemorySubscription[] = [];
  readonly #recentIds: DeduplicationWindow;
  /** Messages that are not due yet. Most topics have none. */
  #scheduled: ScheduledMessages | undefined;
  /** Undefined without `replay`. */
  #log: KeptLog | undefined;

  constructor(spec: TopicSpec, limits: MemoryLimits, loop: WorkLoop) {
    this.name = spec.physicalName;
    this.ordered = spec.ordered;
    this.exactlyOnce = spec.exactlyOnce;
    this.retentionMs = spec.retentionMs;
    this.#stored = new StorageQuota(`topic ${this.name}`, limits);
    this.#limits = limits;
    this.#loop = loop;
    this.#recentIds = new DeduplicationWindow(DEDUPLICATION_WINDOW_MS, limits.maxDeduplicationIds);
    this.replay = spec.replay;
  }

  get replay(): boolean {
    return this.#log !== undefined;
  }

  /** When it changes, everything from now on is kept, or nothing any more. */
  set replay(replay: boolean) {
    if (replay === this.replay) return;
    this.#log?.clear();
    this.#log = replay ? new KeptLog((message) => this.forget(message)) : undefined;
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
    const isKept = this.#fanOut.length > 0 || this.#log !== undefined;
    let refusal = isKept ? this.#refusal(bytes, nowMs) : undefined;
    if (this.exactlyOnce) refusal ??= this.#remember(request.id, nowMs);
    if (refusal !== undefined) {
      request.reject(refusal);
      return;
    }
    if (isKept) {
      const message = this.#store(request, bytes, nowMs);
      this.#log?.add(message);
      for (const subscription of this.#fanOut) subscription.add(message);
    }
    request.accept();
  }

  /** Stores the message for one subscription, also when its id was published before. */
  redeliver(message: OutgoingMessage, subscription: MemorySubscription): void {
    const bytes = sizeOf(message);
    const nowMs = this.#loop.time.now();
    const refusal = this.#refusal(bytes, nowMs);
    if (refusal !== undefined) throw refusal;
    subscription.add(this.#store(message, bytes, nowMs));
  }

  /** Puts a subscription to another position, at one moment. */
  seek(subscription: MemorySubscription, to: SeekPosition): void {
    this.#log?.expire(this.#loop.time.now() - this.retentionMs);
    if (to === "end") return subscription.startAgain([]);
    const kept = this.#keptFor(subscription);
    const first = to === "beginning" ? 0 : kept.findIndex(({ publishTimeMs }) => publishTimeMs >= to);
    subscription.startAgain(first === -1 ? [] : kept.slice(first));
  }

  forget(message: TopicMessage): void {
    message.holders -= 1;
    if (message.holders === 0) this.#stored.remove(message.bytes);
  }

  statistics(): MemoryTopicStatistics {
    const { messages, bytes } = this.#stored;
    return { topic: this.name, messages, bytes };
  }

  /** Why one more message cannot be kept. What is kept for replay only makes room for it, the oldest first. */
  #refusal(bytes: number, nowMs: number): PubSubError | undefined {
    const log = this.#log;
    let refusal = this.#stored.refusal(bytes);
    if (log === undefined) return refusal;
    log.expire(nowMs - this.retentionMs);
    while (refusal !== undefined && log.dropOldest()) refusal = this.#stored.refusal(bytes);
    return refusal;
  }

  /**
   * What can come again, in publish order. The log does not have all that the subscription has not settled: a full topic has dropped
   * it, or the log is younger than it. A redriven message whose original is in the log has the same id, and is not wanted twice.
   */
  #keptFor({ unsettled }: MemorySubscription): readonly TopicMessage[] {
    const logged = this.#log?.messages ?? [];
    const ids = new Set(logged.map(({ id }) => id));
    const others = unsettled.filter(({ id }) => !ids.has(id));
    return [...others, ...logged].sort((one, other) => one.acceptedMs - other.acceptedMs);
  }

  #store(message: OutgoingMessage, bytes: number, nowMs: number): TopicMessage {
    this.#stored.add(bytes);
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
