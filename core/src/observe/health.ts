import type { PubSubError, PubSubErrorCode } from "../base/errors.ts";
import type { ConnectionState } from "../contract/connection-state.ts";

export interface SubscriptionHealth {
  readonly topic: string;
  readonly subscription: string;
  /** The name of its connection in the configuration; `"default"` where there is none. */
  readonly connection: string;
  /** `"receiving"`, `"failing"`: cannot receive, tried again for ever, see `error`; `"closing"`. */
  readonly state: "receiving" | "failing" | "closing";
  /** Handlers that run now. */
  readonly running: number;
  /** Handlers that were given up (past `maxHandlingMs` or lease lost) and have not returned. */
  readonly abandoned: number;
  /** Fetched and not started. */
  readonly waiting: number;
  /**
   * The longest time that the event loop was blocked so that leases ended, in ms; 0 when that has never happened. Messages
   * were redelivered then: a handler must not compute for longer than `ackDeadlineMs` without a pause.
   */
  readonly longestBlockMs: number;
  readonly error: { readonly code: PubSubErrorCode; readonly message: string } | undefined;
}

export interface ConnectionHealth {
  readonly name: string;
  readonly adapter: string;
  readonly state: ConnectionState;
  readonly error: { readonly code: PubSubErrorCode; readonly message: string } | undefined;
}

/** A snapshot, cheap to take, without any request to the broker. */
export interface Health {
  /** `"up"`: connected and every subscription receives. `"degraded"`: something is being repaired. `"down"`: nothing works, or closed. */
  readonly status: "up" | "degraded" | "down";
  /** The default connection's adapter. */
  readonly adapter: string;
  /** The default connection's state. */
  readonly connection: ConnectionState;
  /** What is wrong with the default connection. */
  readonly error: { readonly code: PubSubErrorCode; readonly message: string } | undefined;
  /** Every connection that was opened, the default one first. */
  readonly connections: readonly ConnectionHealth[];
  /** One entry per worker and connection. */
  readonly subscriptions: readonly SubscriptionHealth[];
  /** Publishes that have not been answered. */
  readonly publishing: number;
}

/** What an open connection tells of itself. */
export interface ConnectionFacts {
  readonly name: string;
  readonly adapter: { readonly name: string };
  readonly state: ConnectionState;
  readonly error: PubSubError | undefined;
}

/** `connections`: those that are open, the default one first. */
export function healthOf(
  connections: readonly ConnectionFacts[],
  subscriptions: readonly SubscriptionHealth[],
  publishing: number,
  closed: boolean,
): Health {
  const each = connections.map(({ name, adapter, state, error }): ConnectionHealth => ({
    name,
    adapter: adapter.name,
    state: closed ? "down" : state,
    error: shortened(error),
  }));
  const first = each[0] as ConnectionHealth;
  const failing = subscriptions.some(({ state }) => state === "failing");
  const allUp = each.every(({ state }) => state === "up");
  return {
    status: each.every(({ state }) => state === "down") ? "down" : allUp && !failing ? "up" : "degraded",
    adapter: first.adapter,
    connection: first.state,
    error: first.error,
    connections: each,
    subscriptions,
    publishing,
  };
}

function shortened(error: PubSubError | undefined): ConnectionHealth["error"] {
  return error === undefined ? undefined : { code: error.code, message: error.message };
}
