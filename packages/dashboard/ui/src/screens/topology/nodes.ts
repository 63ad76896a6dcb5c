import type { Overview, TopicOverview } from "../../../../src/api/overview.ts";
import { shownNumber } from "../../parts/broker-number.tsx";
import { counted, shownCount, shownRate } from "../../parts/format.ts";
import { STATE_WORDS } from "../../parts/state-mark.tsx";
import type { SubscriptionRow } from "../../parts/subscription-rows.ts";
import type { Columns } from "./columns.ts";
import type { DiagramNode } from "./diagram.ts";

const DRIFT_WORDS = {
  missing: "missing on the broker",
  incomplete: "incomplete on the broker",
  differs: "differs from its declaration",
  "cannot-be-changed": "cannot be changed in place",
} as const;

export function topicNodeOf(topic: TopicOverview, hasRows: boolean, columns: Columns, y: number): DiagramNode {
  return {
    id: `topic ${topic.name}`,
    kind: "topic",
    ...columns.topics,
    y,
    title: topic.name,
    detail:
      topic.drift !== null
        ? DRIFT_WORDS[topic.drift]
        : !hasRows
          ? "no subscription"
          : ratesText(topic.publishedPerMin, "published"),
    value: "",
    state: topic.drift === null ? undefined : "warning",
    to: `/subscriptions?filter=${topic.name}/`,
    label: `topic ${topic.name}: ${[
      counted(topic.subscriptions.length, "subscription"),
      topic.publishedPerMin === null ? "" : `${shownRate(topic.publishedPerMin)} published a minute`,
      topic.drift === null ? "" : DRIFT_WORDS[topic.drift],
    ]
      .filter((part) => part !== "")
      .join(", ")}`,
  };
}

/** A subscription and its dead letters. */
export function nodesOf(
  row: SubscriptionRow,
  { known }: Overview,
  columns: Columns,
  y: number,
): { readonly subscription: DiagramNode; readonly letters: DiagramNode } {
  const waiting = shownNumber("waiting", row, known);
  const letters = shownNumber("deadLetters", row, known);
  const hasLetters = (row.numbers.deadLetters ?? 0) > 0;
  const problems = row.problems.map(({ text }) => text).join("; ");
  return {
    subscription: {
      id: `subscription ${row.path}`,
      kind: "subscription",
      ...columns.subscriptions,
      y,
      title: row.name,
      detail: problems === "" ? ratesText(row.outPerMin, "handled") : problems,
      value: waiting,
      state: row.state,
      to: `/subscription?of=${row.path}`,
      label: `subscription ${row.path}: ${STATE_WORDS[row.state]}, ${waiting === "–" ? "not known how many wait" : `${waiting} waiting`}${problems === "" ? "" : `, ${problems}`}`,
    },
    letters: {
      id: `letters ${row.path}`,
      kind: "letters",
      ...columns.letters,
      y,
      title: letters,
      detail: "",
      value: "",
      state: hasLetters ? "warning" : undefined,
      to: `/letters?of=${row.path}`,
      label: `dead letters of ${row.path}: ${letters === "–" ? "not known how many" : letters}`,
    },
  };
}

/** Instead of subscriptions without a problem: a button that shows them. */
export function moreNode(
  topic: string,
  folded: readonly SubscriptionRow[],
  { known }: Overview,
  columns: Columns,
  y: number,
): DiagramNode {
  const waiting = folded.map((row) => shownNumber("waiting", row, known));
  const sum = folded.reduce((total, row) => total + (row.numbers.waiting ?? 0), 0);
  const value = waiting.includes("–")
    ? "–"
    : `${waiting.some((text) => text.startsWith("~")) ? "~" : ""}${shownCount(sum)}`;
  return {
    id: `more ${topic}`,
    kind: "more",
    ...columns.subscriptions,
    y,
    title: `${shownCount(folded.length)} without a problem`,
    detail: "show them",
    value,
    state: undefined,
    to: undefined,
    opens: topic,
    label: `show ${counted(folded.length, "subscription")} of ${topic} without a problem, ${value === "–" ? "not known how many wait" : `${value} waiting`}`,
  };
}

function ratesText(perMin: number | null, what: string): string {
  return perMin === null ? "" : `${shownRate(perMin)} ${what} a minute`;
}
