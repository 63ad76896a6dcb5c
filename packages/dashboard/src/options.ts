import type { AnySubscription, AnyTopic, Clock, LoadedConfig, Logger, PubSub } from "@anytopic/core";
import type { EventFeed } from "./events/event-feed.ts";

/** What a visitor may do beside looking. */
export type Permission = "publish" | "redrive" | "purge" | "pause";

/** Who looks at the page, and what this person may do. */
export interface Visitor {
  /** Written to the log with every action. */
  readonly user: string;
  /** @default nothing but looking */
  readonly can?: readonly Permission[] | undefined;
}

export interface DashboardOptions {
  /** The connection, or how to open it: then the page also opens while the broker is away, and says why. Never closed by the dashboard. */
  readonly pubsub: PubSub | (() => Promise<PubSub>);
  readonly declarations: readonly (AnyTopic | AnySubscription)[];
  /** Decides for every request who asks. `undefined` refuses the request. Required: there is no default that lets anybody in. */
  readonly authorize: (request: Request) => Visitor | undefined | Promise<Visitor | undefined>;
  /** Where it is mounted: `/admin/anytopic`. @default "" */
  readonly basePath?: string | undefined;
  /** Tells what happens, in this process and in others. @default none: rates and times of handlers are not shown */
  readonly events?: EventFeed | undefined;
  /**
   * What `loadConfig` of `@anytopic/core/config` gives as `config`: then the page shows where each connection goes, without secrets, also
   * while the broker is away. @default none
   */
  readonly config?: LoadedConfig | undefined;
  /**
   * The broker is asked for the numbers of all subscriptions at most so often, in ms, and only while somebody looks; 1000 to 3,600,000.
   * @default 5000 when NODE_ENV is "development", else 15,000
   */
  readonly statisticsEveryMs?: number | undefined;
  /** The source of time, for tests. @default the system's clock */
  readonly clock?: Clock | undefined;
  /** Every action of a visitor is written to it, without bodies. @default none */
  readonly logger?: Logger | undefined;
}

/** A fetch handler. */
export interface Dashboard {
  (request: Request): Promise<Response>;
  /** Ends its timers and open streams. Does not close the `PubSub`. */
  close(): Promise<void>;
}
