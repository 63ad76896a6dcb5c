import type { PubSubError, PubSubErrorCode } from "../base/errors.ts";
import type { ConnectionState } from "../contract/connection-state.ts";

/** The state of one worker. */
export interface SubscriptionHealth {
  readonly topic: string;
  readonly subscription: string;
  /** The name of its connection in the configuration; `"default"` where there is none. */
  readonly connection: string;
  /** `"failing"`: the worker cannot receive, see `error`; it tries again without end. `"paused"`: `pause` was called, and what `resume` does is not done yet. */
  readonly state: "receiving" | "failing" | "paused" | "closing";
  /** `maxConcurrency`: how many handlers may run. */
  readonly capacity: number;
  /** Handlers that are running: a batch counts as one. */
  readonly running: number;
  /** Handlers that were abandoned (after `maxHandlingMs`, or because the lease was lost) and have not returned. A batch counts as one, also when only a part of its messages is lost. */
  readonly abandoned: number;
  /** Messages that were fetched and have not started. */
  readonly waiting: number;
  /**
   * The longest time for which the event loop was blocked until leases expired, in ms; 0 when that has never happened. Messages
   * were then redelivered. A handler must not block the event loop for as long as `ackDeadlineMs`.
   */
  readonly longestBlockMs: number;
  /** How long ago it last made progress, in ms: it was opened, started a message, or learned that it receives or cannot. Grows on an idle subscription. */
  readonly progressAgeMs: number;
  /**
   * Why only a new process helps; `undefined` when that is not so, and never for a broker that does not answer. `"handlers"`: for longer than
   * `maxHandlingMs`, at least `capacity` abandoned handlers have not returned. `"receiving"`: the loop that asks the broker for
   * messages has stopped, although the connection is up and there is room.
   */
  readonly stuck: "handlers" | "receiving" | undefined;
  /** Why it cannot receive; `undefined` when it can. */
  readonly error: { readonly code: PubSubErrorCode; readonly message: string } | undefined;
  /** `undefined` for a worker without a circuit. */
  readonly circuit: CircuitHealth | undefined;
  /** `undefined` for a worker without a rate. */
  readonly rate: RateHealth | undefined;
}

/** The rate of one worker. */
export interface RateHealth {
  /** At most so many attempts start in any span of `perMs`. */
  readonly max: number;
  readonly perMs: number;
  /** How much longer nothing may start because of it, in ms; 0 when an attempt may start now. */
  readonly fullForMs: number;
}

/** The circuit breaker of one worker. */
export interface CircuitHealth {
  /** `"closed"`: messages start. `"open"`: none starts. `"half-open"`: a few start, as probes. */
  readonly state: "closed" | "open" | "half-open";
  /** Failed attempts in a row. */
  readonly failures: number;
  /** How much longer it stays open, in ms; 0 unless it is open. */
  readonly openForMs: number;
}

/** The state of one connection. */
export interface ConnectionHealth {
  readonly name: string;
  readonly adapter: string;
  readonly state: ConnectionState;
  readonly error: { readonly code: PubSubErrorCode; readonly message: string } | undefined;
}

/** The state at the time of the call, without any request to a broker. */
export interface Health {
  /**
   * `"up"`: every connection is up, and every subscription receives or is paused. `"degraded"`: something is being repaired, or a
   * circuit is not closed. `"down"`: every connection is down, or closed.
   */
  readonly status: "up" | "degraded" | "down";
  /** Whether `announceClose` or `close` was called. */
  readonly closing: boolean;
  /** The adapter of the default connection. */
  readonly adapter: string;
  /** The default connection's state. */
  readonly connection: ConnectionState;
  /** What is wrong with the default connection. */
  readonly error: { readonly code: PubSubErrorCode; readonly message: string } | undefined;
  /** Every connection that was opened, the default one first. */
  readonly connections: readonly ConnectionHealth[];
  /** One entry per worker and connection. */
  readonly subscriptions: readonly SubscriptionHealth[];
  /** Publishes that are pending or waiting. */
  readonly publishing: number;
}

/** What `healthOf` reads of an open connection. */
export interface ConnectionFacts {
  readonly name: string;
  readonly adapter: { readonly name: string };
  readonly state: ConnectionState;
  readonly error: PubSubError | undefined;
}

/** What else a `PubSub` knows about itself. */
export interface OwnFacts extends Pick<Health, "subscriptions" | "publishing"> {
  readonly isClosing: boolean;
  readonly isClosed: boolean;
}

/** `connections`: those that are open, the default one first. */
export function healthOf(connections: readonly ConnectionFacts[], own: OwnFacts): Health {
  const { subscriptions, publishing, isClosing, isClosed } = own;
  const each = connections.map(({ name, adapter, state, error }): ConnectionHealth => ({
    name,
    adapter: adapter.name,
    state: isClosed ? "down" : state,
    error: shortened(error),
  }));
  const first = each[0] as ConnectionHealth;
  const failing = subscriptions.some(
    ({ state, circuit }) =>
      state === "failing" || (state === "receiving" && circuit !== undefined && circuit.state !== "closed"),
  );
  const allUp = each.every(({ state }) => state === "up");
  return {
    status: each.every(({ state }) => state === "down") ? "down" : allUp && !failing ? "up" : "degraded",
    closing: isClosing,
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
