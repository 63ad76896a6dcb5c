import type { OutgoingMessage, PublishRequest, SubscriptionSpec, TopicSpec } from "@anytopic/core/driver";
import type { PubSubError } from "@anytopic/core/driver";
import { sizeOf } from "./codec.ts";
import { DeduplicationWindow } from "./deduplication-window.ts";
import { exhausted } from "./errors.ts";
import { DEDUPLICATION_WINDOW_MS } from "./limits.ts";
import type { MemoryBroker } from "./memory-broker.ts";
import { MemorySubscription } from "./memory-subscription.ts";
import { TopicMessage } from "./topic-message.ts";

/** A topic: its subscriptions, and the account of what they have not settled. Each message is kept once. */
export class MemoryTopic {
  readonly broker: MemoryBroker;
  readonly name: string;
  readonly ordered: boolean;
  exactlyOnce: boolean;
  retentionMs: number;
  readonly #subscriptions = new Map<string, MemorySubscription>();
  /** The values of the map: publishing walks them. */
  #fanOut: readonly MemorySubscription[] = [];
  readonly #recent: DeduplicationWindow;
  #messages = 0;
  #bytes = 0;

  constructor(broker: MemoryBroker, spec: TopicSpec) {
    this.broker = broker;
    this.name = spec.physicalName;
    this.ordered = spec.ordered;
    this.exactlyOnce = spec.exactlyOnce;
    this.retentionMs = spec.retentionMs;
    this.#recent = new DeduplicationWindow(DEDUPLICATION_WINDOW_MS, broker.options.maxDeduplicationIds);
  }

  get subscriptions(): ReadonlyMap<string, MemorySubscription> {
    return this.#subscriptions;
  }

  /** Messages that some subscription has not settled. */
  get messages(): number {
    return this.#messages;
  }

  get bytes(): number {
    return this.#bytes;
  }

  createSubscription(spec: SubscriptionSpec): void {
    this.#subscriptions.set(spec.physicalName, new MemorySubscription(this, spec));
    this.#fanOut = [...this.#subscriptions.values()];
  }

  deleteSubscription(name: string): void {
    this.#subscriptions.delete(name);
    this.#fanOut = [...this.#subscriptions.values()];
  }

  /**
   * Stores the message for every subscription; on an exactly-once topic, drops it when its id was published within the
   * window. Elsewhere ids are not remembered: at a million messages a second they would cost more than the messages.
   */
  publish(request: PublishRequest, nowMs: number): void {
    const { exactlyOnce } = this;
    if (exactlyOnce && this.#recent.has(request.id, nowMs)) {
      request.accept();
      return;
    }
    const bytes = sizeOf(request);
    const refusal = this.#refusal(bytes, nowMs);
    if (refusal !== undefined) {
      request.reject(refusal);
      return;
    }
    if (exactlyOnce) this.#recent.remember(request.id, nowMs);
    if (this.#fanOut.length > 0) {
      const message = this.#store(request, bytes, nowMs);
      for (const subscription of this.#fanOut) subscription.add(message);
    }
    request.accept();
  }

  /** Stores the message for one subscription, whatever was published before. */
  redeliver(message: OutgoingMessage, subscription: MemorySubscription): void {
    const bytes = sizeOf(message);
    const full = this.#full(bytes);
    if (full !== undefined) throw full;
    subscription.add(this.#store(message, bytes, this.broker.time.now()));
  }

  /** A subscription has settled the message. */
  forget(message: TopicMessage): void {
    message.holders -= 1;
    if (message.holders > 0) return;
    this.#messages -= 1;
    this.#bytes -= message.bytes;
  }

  #store(message: OutgoingMessage, bytes: number, nowMs: number): TopicMessage {
    this.#messages += 1;
    this.#bytes += bytes;
    return new TopicMessage(message, bytes, nowMs);
  }

  #refusal(bytes: number, nowMs: number): PubSubError | undefined {
    if (this.#fanOut.length > 0) {
      const full = this.#full(bytes);
      if (full !== undefined) return full;
    }
    if (!this.exactlyOnce || this.#recent.hasRoom(nowMs)) return undefined;
    return exhausted(
      `the deduplication window of topic ${this.name}`,
      "maxDeduplicationIds",
      this.broker.options.maxDeduplicationIds,
    );
  }

  #full(bytes: number): PubSubError | undefined {
    const { maxMessages, maxBytes } = this.broker.options;
    if (this.#messages >= maxMessages) return exhausted(`topic ${this.name}`, "maxMessages", maxMessages);
    if (this.#bytes + bytes > maxBytes) return exhausted(`topic ${this.name}`, "maxBytes", maxBytes);
    return undefined;
  }
}
