import type { AnySubscription, AnyTopic, Clock } from "@anytopic/core";
import type { WireEvent } from "../api/wire-event.ts";
import { pathOf } from "../declared-subscription.ts";
import type { EventFeed } from "../events/event-feed.ts";
import { SubscriptionRates } from "./subscription-rates.ts";
import { TopicRates } from "./topic-rates.ts";

export interface RatesOptions {
  readonly feed: EventFeed | undefined;
  readonly topics: readonly AnyTopic[];
  readonly subscriptions: readonly AnySubscription[];
  readonly clock: Clock;
  readonly closed: AbortSignal;
}

/** Counts what an event feed tells, of what is declared and nothing else. Times are those of arrival: services have clocks of their own. */
export class Rates {
  readonly #topics: ReadonlyMap<string, TopicRates>;
  readonly #subscriptions: ReadonlyMap<string, SubscriptionRates>;
  readonly #clock: Clock;
  /** Whether anything is observed at all. */
  readonly isObserved: boolean;

  constructor({ feed, topics, subscriptions, clock, closed }: RatesOptions) {
    const nowMs = clock.monotonicNow();
    this.#clock = clock;
    this.isObserved = feed !== undefined;
    this.#topics = new Map(topics.map(({ name }) => [name, new TopicRates(nowMs)]));
    this.#subscriptions = new Map(subscriptions.map((one) => [pathOf(one), new SubscriptionRates(nowMs)]));
    const end = feed?.subscribe((event) => this.#add(event));
    if (end !== undefined) closed.addEventListener("abort", end, { once: true });
  }

  ofTopic({ name }: AnyTopic): TopicRates | undefined {
    return this.isObserved ? this.#topics.get(name) : undefined;
  }

  ofSubscription(subscription: AnySubscription): SubscriptionRates | undefined {
    return this.isObserved ? this.#subscriptions.get(pathOf(subscription)) : undefined;
  }

  /** The time that the methods of the rates take. */
  nowMs(): number {
    return this.#clock.monotonicNow();
  }

  #add(event: WireEvent): void {
    const { topic, subscription } = event;
    if (topic === undefined || topic === null) return;
    const nowMs = this.#clock.monotonicNow();
    if (subscription === undefined || subscription === null) this.#topics.get(topic)?.add(event, nowMs);
    else this.#subscriptions.get(`${topic}/${subscription}`)?.add(event, nowMs);
  }
}
