import type { AnySubscription, AnyTopic, Logger, PubSub } from "@anytopic/core";

/** What all routes share. One for each dashboard. */
export interface DashboardContext {
  /** Rejects while the broker cannot be reached. */
  readonly pubsub: () => Promise<PubSub>;
  readonly topics: readonly AnyTopic[];
  readonly subscriptions: readonly AnySubscription[];
  readonly logger: Logger;
  /** Aborts when the dashboard closes. */
  readonly closed: AbortSignal;
}
