import {
  type AnySubscription,
  type Clock,
  type PubSub,
  PubSubError,
  type SubscriptionStatistics,
} from "@anytopic/core";
import { within } from "@anytopic/core/driver";

/** A subscription is asked about at most this often, in ms, however many programs scrape. */
export const POLL_EVERY_MS = 15_000;
/** A scrape waits at most this long for brokers, in ms: Prometheus itself waits 10 s by default. */
export const MAX_WAIT_MS = 2_000;
/** What is older is not shown, in ms. */
export const MAX_AGE_MS = 60_000;

interface Known {
  backlog: SubscriptionStatistics | undefined;
  askedMs: number;
  answeredMs: number;
  pending: Promise<void> | undefined;
}

export interface BacklogPollOptions {
  readonly clock: Clock;
  readonly onFailed: (subscription: AnySubscription) => void;
}

/** What brokers tell of subscriptions. They are asked only while somebody scrapes, so nothing of this has to be stopped. */
export class BacklogPoll {
  readonly #options: BacklogPollOptions;
  readonly #known = new WeakMap<PubSub, Map<string, Known>>();

  constructor(options: BacklogPollOptions) {
    this.#options = options;
  }

  /**
   * What is known of each subscription, for those of which something is. What a broker did not tell within `MAX_WAIT_MS` is the answer
   * before, up to `MAX_AGE_MS`. After a failed request nothing is known. Concurrent calls share their requests. Never rejects.
   */
  async read(
    pubsub: PubSub,
    subscriptions: Iterable<AnySubscription>,
  ): Promise<ReadonlyMap<AnySubscription, SubscriptionStatistics>> {
    const { clock } = this.#options;
    const asked = [...subscriptions].map((subscription) => ({ subscription, known: this.#ask(pubsub, subscription) }));
    const pending = asked.flatMap(({ known }) => known.pending ?? []);
    if (pending.length > 0) await within(clock, MAX_WAIT_MS, Promise.all(pending));
    const oldestMs = clock.monotonicNow() - MAX_AGE_MS;
    return new Map(
      asked.flatMap(({ subscription, known: { backlog, answeredMs } }) =>
        backlog === undefined || answeredMs < oldestMs ? [] : [[subscription, backlog]],
      ),
    );
  }

  /** A request that has not ended is not repeated, however old it is. */
  #ask(pubsub: PubSub, subscription: AnySubscription): Known {
    const now = this.#options.clock.monotonicNow();
    const known = this.#knownOf(pubsub, subscription);
    if (known.pending !== undefined || now - known.askedMs < POLL_EVERY_MS) return known;
    known.askedMs = now;
    known.pending = this.#request(pubsub, subscription, known);
    return known;
  }

  async #request(pubsub: PubSub, subscription: AnySubscription, known: Known): Promise<void> {
    try {
      known.backlog = await pubsub.stats(subscription);
      known.answeredMs = this.#options.clock.monotonicNow();
    } catch (error) {
      known.backlog = undefined;
      if (!(error instanceof PubSubError && error.code === "CLOSED")) this.#options.onFailed(subscription);
    }
    known.pending = undefined;
  }

  #knownOf(pubsub: PubSub, { topic, name }: AnySubscription): Known {
    let ofPubSub = this.#known.get(pubsub);
    if (ofPubSub === undefined) this.#known.set(pubsub, (ofPubSub = new Map()));
    // Neither name has a line feed.
    const key = `${topic.name}\n${name}`;
    const never = Number.NEGATIVE_INFINITY;
    const known = ofPubSub.get(key) ?? { backlog: undefined, askedMs: never, answeredMs: never, pending: undefined };
    ofPubSub.set(key, known);
    return known;
  }
}
