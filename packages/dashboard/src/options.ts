import type { DashboardEvents } from "./events/event-log.ts";
import type { AnySubscription, AnyTopic, Logger, PubSub } from "@anytopic/core";

/** What a visitor may do beside looking. */
export type Permission = "publish" | "redrive" | "purge" | "pause" | "tail";

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
  /** What happens in this process: `dashboardEvents()`, also given to `connect`. @default only what other services report */
  readonly events?: DashboardEvents | undefined;
  /** Lets other services report what happens in them (`sendToDashboard`), when they know the token: 16 to 200 characters. @default nobody may */
  readonly ingest?: { readonly token: string } | undefined;
  /** Every action of a visitor is written to it, without bodies. @default none */
  readonly logger?: Logger | undefined;
}

/** A fetch handler. */
export interface Dashboard {
  (request: Request): Promise<Response>;
  /** Ends its timers and open streams. Does not close the `PubSub`. */
  close(): Promise<void>;
}
