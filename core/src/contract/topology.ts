/** A topic as a driver sees it. Frozen. */
export interface TopicSpec {
  /** The declared name: `^[a-z]([-a-z0-9]*[a-z0-9])?$`, at most 63 characters. */
  readonly name: string;
  /** The name to derive the broker's resources from; equals `name` unless configuration says otherwise. */
  readonly physicalName: string;
  /** Whether events have an ordering key. */
  readonly ordered: boolean;
  readonly exactlyOnce: boolean;
  /** How long an unsettled message is kept for each subscription, in ms. */
  readonly retentionMs: number;
}

/** A subscription as a driver sees it. Frozen. */
export interface SubscriptionSpec {
  /** The declared name, same rule as a topic's; unique within its topic. */
  readonly name: string;
  /** The name to derive the broker's resources from; equals `name` unless configuration says otherwise. Resources must be unique over topic *and* subscription. */
  readonly physicalName: string;
  readonly topic: TopicSpec;
  /** The lease of one delivery, in ms. A worker that dies gives its messages back after at most this long. */
  readonly ackDeadlineMs: number;
  /** `Infinity` when retried for ever. For the broker's own delivery limit, which is a backstop and must lie beyond `maxRetries + 1` (C17). */
  readonly maxRetries: number;
  /** The longest delay core will ask for, in ms. */
  readonly maxBackoffMs: number;
}

export interface Topology {
  readonly topics: readonly TopicSpec[];
  readonly subscriptions: readonly SubscriptionSpec[];
}

/** One difference between what is declared and what exists. */
export interface TopologyChange {
  /** `"create"`: it is missing. `"update"`: it differs and can be changed in place. `"replace"`: it differs and would have to be deleted first. */
  readonly action: "create" | "update" | "replace";
  /** Kind and broker's name, for example `stream signups`. */
  readonly resource: string;
  /** What differs: `max_age is 1 d, declared 7 d`. Empty for a creation that needs no words. */
  readonly detail: string;
}
