import {
  type AnySubscription,
  type Clock,
  type PubSub,
  PubSubError,
  type SubscriptionStatistics,
} from "@anytopic/core";
import { within } from "@anytopic/core/driver";
import { Inquiry, MAX_WAIT_MS } from "./inquiry.ts";

export interface BacklogPollOptions {
  readonly clock: Clock;
  readonly onFailed: (subscription: AnySubscription) => void;
}

/** What brokers tell of subscriptions. They are asked only while somebody scrapes, so nothing of this has to be stopped. */
export class BacklogPoll {
  readonly #options: BacklogPollOptions;
  readonly #inquiries = new WeakMap<PubSub, Map<string, Inquiry<SubscriptionStatistics>>>();

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
    const asked = [...subscriptions].map((subscription) => ({
      subscription,
      inquiry: this.#inquiry(pubsub, subscription),
    }));
    const pending = asked.flatMap(({ inquiry }) => inquiry.ask() ?? []);
    if (pending.length > 0) await within(this.#options.clock, MAX_WAIT_MS, Promise.all(pending));
    return new Map(
      asked.flatMap(({ subscription, inquiry: { answer } }) => (answer === undefined ? [] : [[subscription, answer]])),
    );
  }

  #inquiry(pubsub: PubSub, subscription: AnySubscription): Inquiry<SubscriptionStatistics> {
    let ofPubSub = this.#inquiries.get(pubsub);
    if (ofPubSub === undefined) this.#inquiries.set(pubsub, (ofPubSub = new Map()));
    // Neither name has a line feed.
    const key = `${subscription.topic.name}\n${subscription.name}`;
    const known = ofPubSub.get(key);
    if (known !== undefined) return known;
    const { clock, onFailed } = this.#options;
    const inquiry = new Inquiry({
      clock,
      request: async () => await pubsub.stats(subscription),
      onFailed: (error) => {
        if (!(error instanceof PubSubError && error.code === "CLOSED")) onFailed(subscription);
      },
    });
    ofPubSub.set(key, inquiry);
    return inquiry;
  }
}
