import type { AnySubscription, AnyTopic, Clock, PubSub } from "@anytopic/core";
import type { EventFeed } from "./events/event-feed.ts";
import { ObservedLoad } from "./rates/observed-load.ts";
import { Rates } from "./rates/rates.ts";
import { StatisticsPoll } from "./statistics/statistics-poll.ts";
import { DriftWatch } from "./topology/drift-watch.ts";

export interface WatchOptions {
  readonly pubsub: () => Promise<PubSub>;
  readonly topics: readonly AnyTopic[];
  readonly subscriptions: readonly AnySubscription[];
  readonly clock: Clock;
  readonly closed: AbortSignal;
  readonly feed: EventFeed | undefined;
  /** How often the broker is asked for numbers, in ms. */
  readonly everyMs: number;
}

/** What one dashboard knows of the broker and of what happens, for all its visitors. */
export class Watch {
  readonly statistics: StatisticsPoll;
  readonly rates: Rates;
  /** For what it costs. */
  readonly load: ObservedLoad;
  readonly drift: DriftWatch;

  constructor(options: WatchOptions) {
    this.statistics = new StatisticsPoll(options);
    this.rates = new Rates(options);
    this.load = new ObservedLoad(options);
    this.drift = new DriftWatch({ ...options, declarations: [...options.topics, ...options.subscriptions] });
  }
}
