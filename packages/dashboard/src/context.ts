import type { EventLog } from "./events/event-log.ts";
import type { AnySubscription, AnyTopic, Logger, PubSub } from "@anytopic/core";

/** What all routes share. One for each dashboard. */
export interface DashboardContext {
  /** Rejects while the broker cannot be reached. */
  readonly pubsub: () => Promise<PubSub>;
  readonly topics: readonly AnyTopic[];
  readonly subscriptions: readonly AnySubscription[];
  readonly logger: Logger;
  /** What happens, in this process and in those that report to it; empty when nobody reports. */
  readonly events: EventLog;
  /** Aborts when the dashboard closes. */
  readonly closed: AbortSignal;
}
