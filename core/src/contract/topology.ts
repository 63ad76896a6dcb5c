import type { FilterRule } from "./filter.ts";

/** A topic as a driver sees it. Frozen. */
export interface TopicSpec {
  /** The declared name: `^[a-z]([-a-z0-9]*[a-z0-9])?$`, at most 63 characters. */
  readonly name: string;
  /** The name from which the names of the broker's resources are made. Equals `name`, unless the configuration gives another. */
  readonly physicalName: string;
  /** Whether events have an ordering key. */
  readonly ordered: boolean;
  readonly exactlyOnce: boolean;
  /** How long the broker keeps an unsettled message for each subscription, in ms. */
  readonly retentionMs: number;
  /** Whether the broker also keeps what every subscription has settled, for `retentionMs`, so that `Driver.seek` can go back. */
  readonly replay: boolean;
}

/** A subscription as a driver sees it. Frozen. */
export interface SubscriptionSpec {
  /** The declared name, with the same rule as a topic's. Unique within its topic. */
  readonly name: string;
  /** As for a topic. Names of resources must be unique for topic *and* subscription. */
  readonly physicalName: string;
  readonly topic: TopicSpec;
  /** The lease of one delivery, in ms. The messages of a worker that dies are redelivered after at most this time. */
  readonly ackDeadlineMs: number;
  /** `Infinity` when retried without end. The broker's own delivery limit is a backstop and must be higher than `maxRetries + 1` (C17). */
  readonly maxRetries: number;
  /** The longest delay that core passes to `retry` by its retry policy, in ms. */
  readonly maxBackoffMs: number;
  /**
   * What core takes of the messages, sorted by key; absent when it takes all. Core applies it to every delivery, so a driver need
   * not. A broker that applies it too may only let more through: never less, for no publisher. A redriven message passes the
   * broker without it.
   */
  readonly filter?: readonly FilterRule[] | undefined;
}

/** The topics and subscriptions that shall exist on one connection. */
export interface Topology {
  readonly topics: readonly TopicSpec[];
  readonly subscriptions: readonly SubscriptionSpec[];
}

/** One difference between what is declared and what exists. */
export interface TopologyChange {
  /** `"create"`: it is missing. `"update"`: it differs and can be changed in place. `"replace"`: it differs and would have to be deleted first. */
  readonly action: "create" | "update" | "replace";
  /** Kind and name on the broker, for example `stream signups`. */
  readonly resource: string;
  /** What differs, for example `max_age is 1 d, declared 7 d`. May be empty for `"create"`. */
  readonly detail: string;
}
