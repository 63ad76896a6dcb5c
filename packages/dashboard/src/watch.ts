import type { DashboardContext } from "./context.ts";
import type { EventFeed } from "./events/event-feed.ts";
import { ObservedLoad } from "./rates/observed-load.ts";
import { Rates } from "./rates/rates.ts";
import { StatisticsPoll } from "./statistics/statistics-poll.ts";
import { DriftWatch } from "./topology/drift-watch.ts";

/** What one dashboard knows of the broker and of what happens, for all its visitors. */
export class Watch {
  readonly statistics: StatisticsPoll;
  readonly rates: Rates;
  /** For what it costs. */
  readonly load: ObservedLoad;
  readonly drift: DriftWatch;

  constructor(
    context: Omit<DashboardContext, "watch">,
    { feed, everyMs }: { readonly feed: EventFeed | undefined; readonly everyMs: number },
  ) {
    this.statistics = new StatisticsPoll({ ...context, everyMs });
    this.rates = new Rates({ ...context, feed });
    this.load = new ObservedLoad({ ...context, feed });
    this.drift = new DriftWatch({ ...context, declarations: [...context.topics, ...context.subscriptions] });
  }
}
