import type { Overview, SubscriptionOverview, SubscriptionState, TopicOverview } from "../../../src/api/overview.ts";
import type { Filter } from "./filter-bar.tsx";

/** A subscription with its topic. */
export interface SubscriptionRow extends SubscriptionOverview {
  readonly topic: string;
  /** `topic/name` */
  readonly path: string;
}

const SEVERITY: Readonly<Record<SubscriptionState, number>> = {
  problem: 4,
  warning: 3,
  paused: 2,
  unknown: 1,
  good: 0,
};

export function severityOf(state: SubscriptionState): number {
  return SEVERITY[state];
}

export function hasTrouble({ state }: SubscriptionOverview): boolean {
  return state === "problem" || state === "warning" || state === "paused";
}

/** All that the filter lets pass, those with trouble first. */
export function subscriptionRows({ topics }: Overview, filter: Filter): readonly SubscriptionRow[] {
  return topics.flatMap((topic) => rowsOf(topic, filter)).sort(byTrouble);
}

/** Topics with the subscriptions that the filter lets pass, those with trouble first. */
export function topicRows(
  { topics }: Overview,
  filter: Filter,
): readonly { readonly topic: TopicOverview; readonly rows: readonly SubscriptionRow[] }[] {
  return topics
    .map((topic) => ({ topic, rows: [...rowsOf(topic, filter)].sort(byTrouble) }))
    .filter(
      ({ topic, rows }) =>
        rows.length > 0 ||
        (topic.subscriptions.length === 0 && topic.name.includes(filter.text) && !filter.onlyProblems) ||
        (topic.drift !== null && topic.name.includes(filter.text)),
    )
    .sort((a, b) => worst(b.topic, b.rows) - worst(a.topic, a.rows) || byName(a.topic.name, b.topic.name));
}

function rowsOf(topic: TopicOverview, { text, onlyProblems }: Filter): readonly SubscriptionRow[] {
  const wanted = text.trim().toLowerCase();
  return topic.subscriptions
    .map((one) => ({ ...one, topic: topic.name, path: `${topic.name}/${one.name}` }))
    .filter((one) => one.path.includes(wanted) && (!onlyProblems || hasTrouble(one)));
}

/** `a-2` comes before `a-10`. */
export const byName: (a: string, b: string) => number = new Intl.Collator("en", { numeric: true }).compare;

function byTrouble(a: SubscriptionRow, b: SubscriptionRow): number {
  return severityOf(b.state) - severityOf(a.state) || byName(a.path, b.path);
}

function worst(topic: TopicOverview, rows: readonly SubscriptionRow[]): number {
  return Math.max(topic.drift === null ? 0 : SEVERITY.warning, ...rows.map(({ state }) => SEVERITY[state]));
}
