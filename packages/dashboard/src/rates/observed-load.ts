import type { AnySubscription, AnyTopic, Clock } from "@anytopic/core";
import type { CostOverview } from "../api/cost.ts";
import type { WireEvent } from "../api/wire-event.ts";
import { contentBytes } from "../cost/published-bytes.ts";
import type { EventFeed } from "../events/event-feed.ts";

export interface ObservedLoadOptions {
  readonly feed: EventFeed | undefined;
  readonly topics: readonly AnyTopic[];
  readonly subscriptions: readonly AnySubscription[];
  readonly clock: Clock;
  readonly closed: AbortSignal;
}

interface TopicSums {
  messages: number;
  /** Publishes whose size is known, and their bytes. */
  sized: number;
  bytes: number;
}

interface SubscriptionSums {
  retries: number;
  handled: number;
  attempts: number;
  attemptMs: number;
}

const ENDED: ReadonlySet<string> = new Set(["ack", "dead-letter"]);
const ATTEMPTED: ReadonlySet<string> = new Set(["ack", "retry", "dead-letter"]);

/** What was published and handled since the first event, in sums: the mean over all that time says most about a month. */
export class ObservedLoad {
  readonly #topics: ReadonlyMap<string, TopicSums>;
  readonly #subscriptions: ReadonlyMap<string, SubscriptionSums>;
  readonly #clock: Clock;
  #first: { readonly monotonicMs: number; readonly atMs: number } | undefined;

  constructor({ feed, topics, subscriptions, clock, closed }: ObservedLoadOptions) {
    this.#clock = clock;
    this.#topics = new Map(topics.map(({ name }) => [name, { messages: 0, sized: 0, bytes: 0 }]));
    const none = { retries: 0, handled: 0, attempts: 0, attemptMs: 0 };
    this.#subscriptions = new Map(subscriptions.map(({ topic, name }) => [`${topic.name}/${name}`, { ...none }]));
    const end = feed?.subscribe((event) => this.#add(event));
    if (end !== undefined) closed.addEventListener("abort", end, { once: true });
  }

  /**
   * `null` before the first event.
   *
   * @param adapter counts bytes of its own in each message, which are taken off; `null` when it is not known
   */
  measured(adapter: string | null): CostOverview["measured"] {
    if (this.#first === undefined) return null;
    const { monotonicMs, atMs } = this.#first;
    const published = [...this.#topics].filter(([, { messages }]) => messages > 0);
    const worked = [...this.#subscriptions].filter(([, { retries, handled }]) => retries + handled > 0);
    return {
      sinceMs: atMs,
      measuredMs: this.#clock.monotonicNow() - monotonicMs,
      topics: published.map(([topic, { messages, sized, bytes }]) => {
        return { topic, messages, bytes: sized === 0 ? null : contentBytes(adapter ?? "", bytes / sized) };
      }),
      subscriptions: worked.map(([path, { retries, handled, attempts, attemptMs }]) => {
        const [topic = "", subscription = ""] = path.split("/");
        return { topic, subscription, retries, handled, handlingMs: attempts === 0 ? null : attemptMs / attempts };
      }),
    };
  }

  #add({ type, topic = "", subscription, bytes, durationMs }: WireEvent): void {
    this.#first ??= { monotonicMs: this.#clock.monotonicNow(), atMs: this.#clock.now() };
    if (typeof subscription !== "string") {
      const sums = this.#topics.get(topic);
      if (sums === undefined) return;
      if (type === "published") sums.messages += 1;
      if (type !== "publish" || typeof bytes !== "number") return;
      sums.sized += 1;
      sums.bytes += bytes;
      return;
    }
    const sums = this.#subscriptions.get(`${topic}/${subscription}`);
    if (sums === undefined || !ATTEMPTED.has(type)) return;
    if (typeof durationMs === "number") {
      sums.attempts += 1;
      sums.attemptMs += durationMs;
    }
    if (type === "retry") sums.retries += 1;
    if (ENDED.has(type)) sums.handled += 1;
  }
}
