import type { TokenLogin } from "./login/token-login.ts";
import type { AnySubscription, AnyTopic, Clock, LoadedConfig, Logger, PubSub } from "@anytopic/core";
import type { EventFeed } from "./events/event-feed.ts";
import type { Visitor } from "./visitor.ts";

export type { Permission, Visitor } from "./visitor.ts";

/** The visitor; a `Response` that is sent as it is, such as a redirect to a login or a 404; or nobody: 401. */
export type Authorized = Visitor | Response | undefined;

/** What the dashboard shows, and who may use it. */
export interface DashboardOptions {
  /**
   * The connection, or how to open it: then the page also opens while the broker is away, and says why. The function is called again after a failure, with
   * pauses of 1 to 5 s, and only while somebody looks. What it opens is never closed by the dashboard.
   */
  readonly pubsub: PubSub | (() => Promise<PubSub>);
  /** The topics and subscriptions that it shows. */
  readonly declarations: readonly (AnyTopic | AnySubscription)[];
  /**
   * Decides for every request who asks, also for the files of the page: a stranger does not learn that it is there. Required: there is no default that lets
   * anybody in. When it throws, the request is refused and the error is logged. It must not read the request's body.
   */
  readonly authorize: ((request: Request) => Authorized | Promise<Authorized>) | TokenLogin;
  /** Where it is mounted, as the browser sees it: `/admin/anytopic`. Letters, digits, `-`, `.`, `_` and `~`; a slash at the end is ignored. @default "" */
  readonly basePath?: string | undefined;
  /**
   * The host names by which browsers reach the page: `ops.example.com`, `ops.example.com:8443` (only that port), `*.example.com` (one name or more before the
   * dot). `localhost`, names below it, and IP addresses are always allowed: nobody can make another site of them. Every other name is refused with 421,
   * so that a site whose name suddenly leads to this machine (DNS rebinding) reaches nothing. `"any"` allows all: safe only where `authorize` checks
   * a cookie or a header of yours, never with one that lets everybody in.
   * @default localhost and IP addresses only
   */
  readonly hosts?: readonly string[] | "any" | undefined;
  /** What happens in this process: `dashboardEvents()`, also given to `connect`. @default only what other services report: without them, rates and times of handlers are not shown */
  readonly events?: EventFeed | undefined;
  /** Lets other services report what happens in them (`sendToDashboard`), when they know the token: 16 to 200 characters. @default nobody may */
  readonly ingest?: { readonly token: string } | undefined;
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

/** A fetch handler. Never rejects. */
export interface Dashboard {
  (request: Request): Promise<Response>;
  /** Ends its timers and open streams, and removes the temporary subscriptions of tails: call it before the `PubSub` is closed, which it does not do. Never rejects. */
  close(): Promise<void>;
}
