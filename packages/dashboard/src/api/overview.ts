import type { Numbers, NumbersKnown, WireFailure } from "./numbers.ts";

/** `GET /api/overview`: everything on the first screen, and the table of subscriptions. */
export interface Overview {
  /** Why there is no broker; `null` when there is one. */
  readonly unavailable: WireFailure | null;
  /** The broker is asked for numbers at most every so many ms. */
  readonly everyMs: number;
  /** How well each connection knows its numbers. Those that are not open are missing. */
  readonly known: Readonly<Record<string, NumbersKnown>>;
  /** Whether anything tells what happens: without that, there are no rates. */
  readonly observed: boolean;
  readonly drift: DriftSummary;
  readonly topics: readonly TopicOverview[];
}

export interface TopicOverview {
  readonly name: string;
  readonly connections: readonly string[];
  /** `null` when no publish was observed yet. */
  readonly publishedPerMin: number | null;
  /** Services that were seen to publish to it. */
  readonly services: readonly string[];
  readonly drift: DriftState | null;
  readonly subscriptions: readonly SubscriptionOverview[];
}

export interface SubscriptionOverview {
  readonly name: string;
  readonly connections: readonly string[];
  readonly numbers: Numbers;
  /** Why the numbers could not be read; `null` when they could, or were not asked for yet. */
  readonly error: WireFailure | null;
  /** By how much `waiting` grows a minute, lately; negative when it shrinks. `null` when it is not known. */
  readonly waitingTrendPerMin: number | null;
  /** What is published to its topic. `null` when nobody tells, or a filter takes only a part of it. */
  readonly inPerMin: number | null;
  /** What its workers have ended: acknowledged, skipped or dead-lettered. `null` when nobody tells. */
  readonly outPerMin: number | null;
  /** Workers in the process of this dashboard. */
  readonly workers: number;
  readonly services: readonly string[];
  readonly state: SubscriptionState;
  readonly problems: readonly Problem[];
  readonly drift: DriftState | null;
}

/** The worst that is known of a subscription. `"unknown"`: nobody tells anything about it. */
export type SubscriptionState = "problem" | "warning" | "paused" | "good" | "unknown";

export interface Problem {
  readonly kind: "failing" | "stuck" | "circuit" | "letters" | "unreadable" | "old" | "drift" | "paused";
  /** A sentence for the visitor. */
  readonly text: string;
}

/** How a declaration compares with the broker, when it differs. `"incomplete"`: some of its parts are missing. */
export type DriftState = "missing" | "incomplete" | "differs" | "cannot-be-changed";

export interface DriftSummary {
  readonly state: "comparing" | "compared" | "failed";
  /** Unix ms; `null` before the first comparison. */
  readonly comparedAtMs: number | null;
  /** How many declarations differ. */
  readonly count: number;
  readonly error: WireFailure | null;
}
