import type { AnySubscription, AnyTopic, Clock, LoadedConfig, Logger, PubSub } from "@anytopic/core";
import type { Tails } from "./tails/tails.ts";
import type { EventLog } from "./events/event-log.ts";
import type { Watch } from "./watch.ts";

/** What all routes share. One for each dashboard. */
export interface DashboardContext {
  /** Rejects while the broker cannot be reached. */
  readonly pubsub: () => Promise<PubSub>;
  readonly topics: readonly AnyTopic[];
  readonly subscriptions: readonly AnySubscription[];
  /** `undefined` when the application did not give it. */
  readonly config: LoadedConfig | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
  /** What happens, in this process and in those that report to it; empty when nobody reports. */
  readonly events: EventLog;
  /** Whether `pubsub` tells `events` of what it does itself. */
  readonly seesItself: boolean;
  readonly tails: Tails;
  /** Aborts when the dashboard closes. */
  readonly closed: AbortSignal;
  /** Numbers, rates and differences, for all visitors together. */
  readonly watch: Watch;
}
