import type { ConnectionHealth, PubSubEvent } from "@anytopic/core";
import { works } from "./connection-works.ts";
import { errorType } from "./error-type.ts";
import type { Buckets } from "../options.ts";
import type { Exposition } from "../exposition/exposition.ts";
import { labelText } from "../exposition/labels.ts";
import { SubscriptionCounts } from "./subscription-counts.ts";
import { TopicCounts } from "./topic-counts.ts";

/**
 * Counts the events of an observer. Its size depends on the declared topics and subscriptions only: messages choose no key of any map,
 * and the types of errors are bounded.
 */
export class EventCounts {
  readonly #buckets: Buckets;
  readonly #topics = new Map<string, TopicCounts>();
  /** By topic, then by subscription: to join the two names for each event would cost more than the second lookup. */
  readonly #subscriptions = new Map<string, Map<string, SubscriptionCounts>>();
  readonly #connections = new Map<string, { isLost: boolean; reconnects: number }>();

  constructor(buckets: Buckets) {
    this.#buckets = buckets;
  }

  count(event: PubSubEvent): void {
    switch (event.type) {
      case "publish":
        this.#topic(event.topic);
        break;
      case "published":
        this.#topic(event.topic).publishes.succeeded.observe(event.durationMs / 1000);
        break;
      case "publish-failed":
        this.#topic(event.topic).publishes.fail(event.error.code, event.durationMs / 1000);
        break;
      case "connection":
        this.#countOfConnection(event.connection, works(event.state));
        break;
      default:
        this.#countOfSubscription(event, this.subscription(event.topic, event.subscription));
    }
  }

  /** The counts of a subscription, all 0 when nothing has happened yet. */
  subscription(topic: string, subscription: string): SubscriptionCounts {
    let ofTopic = this.#subscriptions.get(topic);
    if (ofTopic === undefined) this.#subscriptions.set(topic, (ofTopic = new Map()));
    let counts = ofTopic.get(subscription);
    if (counts === undefined) {
      const { processSeconds: process, latencySeconds: latency } = this.#buckets;
      ofTopic.set(subscription, (counts = new SubscriptionCounts(topic, subscription, { process, latency })));
    }
    return counts;
  }

  /** The connection's reconnects are counted from 0. */
  know({ name }: ConnectionHealth): void {
    this.#connection(name);
  }

  writeTo(exposition: Exposition): void {
    for (const counts of this.#topics.values()) counts.writeTo(exposition);
    for (const ofTopic of this.#subscriptions.values()) {
      for (const counts of ofTopic.values()) counts.writeTo(exposition);
    }
    for (const [connection, { reconnects }] of this.#connections) {
      exposition.add("reconnects", labelText({ connection }), reconnects);
    }
  }

  #countOfSubscription(event: SubscriptionEvent, counts: SubscriptionCounts): void {
    switch (event.type) {
      case "deliver":
        counts.consumed += 1;
        if (event.attempt > 1) counts.redeliveries += 1;
        // A publisher's clock may be ahead of ours. 0 is no time: the message does not say when it was published.
        else if (event.publishTimeMs > 0) counts.latency.observe(Math.max(0, event.atMs - event.publishTimeMs) / 1000);
        break;
      case "ack":
        counts.attempts.succeeded.observe(event.durationMs / 1000);
        break;
      case "retry":
        counts.retries += 1;
        counts.attempts.fail(errorType(event.error), event.durationMs / 1000);
        break;
      case "dead-letter":
        counts.letters[event.reason] += 1;
        // Else no attempt has ended: only the letter was stored again.
        if (event.durationMs !== undefined) counts.attempts.fail(errorType(event.error), event.durationMs / 1000);
        break;
      case "dead-letter-failed":
        counts.letterFailed += 1;
        break;
      case "lease-lost":
        counts.leaseLost += 1;
        break;
      case "skipped":
        counts.skipped[event.reason] += 1;
        break;
      case "release":
      case "receiving":
      case "failing":
        break;
    }
  }

  #topic(topic: string): TopicCounts {
    let counts = this.#topics.get(topic);
    if (counts === undefined) this.#topics.set(topic, (counts = new TopicCounts(topic, this.#buckets.publishSeconds)));
    return counts;
  }

  #countOfConnection(name: string, isUp: boolean): void {
    const connection = this.#connection(name);
    if (isUp && connection.isLost) connection.reconnects += 1;
    connection.isLost = !isUp;
  }

  #connection(name: string): { isLost: boolean; reconnects: number } {
    const known = this.#connections.get(name) ?? { isLost: false, reconnects: 0 };
    this.#connections.set(name, known);
    return known;
  }
}

type SubscriptionEvent = Extract<PubSubEvent, { readonly subscription: string }>;
