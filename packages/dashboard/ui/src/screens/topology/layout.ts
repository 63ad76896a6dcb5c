import type { Overview, SubscriptionState } from "../../../../src/api/overview.ts";
import { shownNumber } from "../../parts/broker-number.tsx";
import { shownCount, shownRate } from "../../parts/format.ts";
import { visibleText } from "../../parts/visible-text.ts";
import { STATE_WORDS } from "../../parts/state-mark.tsx";
import { hasTrouble, type SubscriptionRow, type topicRows } from "../../parts/subscription-rows.ts";

type TopicRows = ReturnType<typeof topicRows>;

export interface DiagramNode {
  readonly id: string;
  readonly kind: "service" | "topic" | "subscription" | "letters" | "more";
  readonly column: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly title: string;
  /** A second, quiet line. */
  readonly detail: string;
  /** At the right: a number. */
  readonly value: string;
  readonly state: SubscriptionState | undefined;
  /** `undefined` for what is a button. */
  readonly to: string | undefined;
  /** The topic whose other subscriptions the button shows. */
  readonly opens?: string;
  /** All of it, for screen readers and as a tooltip. */
  readonly label: string;
}

export interface DiagramEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly path: string;
  /** In pixels. */
  readonly width: number;
  readonly isTrouble: boolean;
}

export interface Diagram {
  readonly nodes: readonly DiagramNode[];
  readonly edges: readonly DiagramEdge[];
  readonly height: number;
  readonly columns: readonly { readonly title: string; readonly x: number }[];
}

export const NODE_HEIGHT = 42;
const ROW = 54;
const TOP = 30;
const GAP_OF_TOPICS = 14;
const GAP_PART = 0.06;
/** With more subscriptions than this, those without trouble are folded. */
const FOLD_FROM = 40;

export interface LayoutOptions {
  readonly overview: Overview;
  readonly topics: TopicRows;
  /** In pixels. */
  readonly width: number;
  /** Topics whose subscriptions are all shown. */
  readonly unfolded: ReadonlySet<string>;
}

/** Places everything in fixed columns: services, topics, subscriptions, dead letters. */
export function layoutOf({ overview, topics, width, unfolded }: LayoutOptions): Diagram {
  const services = [...new Set(topics.flatMap(({ topic }) => topic.services))].sort();
  // One pixel at each side, for the strokes.
  const columns = columnsOf(width - 2, services.length > 0);
  const nodes: DiagramNode[] = [];
  const links: {
    readonly from: string;
    readonly to: string;
    readonly perMin: number | null;
    readonly isTrouble: boolean;
  }[] = [];
  const folds = topics.reduce((sum, { rows }) => sum + rows.length, 0) > FOLD_FROM;
  let y = TOP;
  for (const { topic, rows } of topics) {
    const start = y;
    const shown = folds && !unfolded.has(topic.name) ? unfoldedRows(rows) : rows;
    for (const row of shown) {
      const { letters, subscription } = nodesOf(row, overview, columns, y);
      nodes.push(subscription, letters);
      links.push({
        from: `topic ${topic.name}`,
        to: subscription.id,
        perMin: row.inPerMin,
        isTrouble: row.state === "problem",
      });
      links.push({
        from: subscription.id,
        to: letters.id,
        perMin: null,
        isTrouble: (row.numbers.deadLetters ?? 0) > 0,
      });
      y += ROW;
    }
    if (shown.length < rows.length) {
      const more = moreNode(topic.name, rows.slice(shown.length), overview, columns, y);
      nodes.push(more);
      links.push({ from: `topic ${topic.name}`, to: more.id, perMin: topic.publishedPerMin, isTrouble: false });
      y += ROW;
    }
    if (y === start) y += ROW;
    // In the middle of its subscriptions, but never far below the first.
    const middle = Math.min((start + y - ROW) / 2, start + 2 * ROW);
    nodes.push({
      id: `topic ${topic.name}`,
      kind: "topic",
      ...columns.topics,
      y: middle,
      title: topic.name,
      detail:
        topic.drift !== null
          ? DRIFT_WORDS[topic.drift]
          : rows.length === 0
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
    });
    for (const service of topic.services) {
      links.push({
        from: `service ${service}`,
        to: `topic ${topic.name}`,
        perMin: topic.publishedPerMin,
        isTrouble: false,
      });
    }
    y += GAP_OF_TOPICS;
  }
  if (columns.services !== undefined) nodes.push(...serviceNodes(services, topics, nodes, columns.services));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const edges = links.flatMap(({ from, to, perMin, isTrouble }) => {
    const [start, end] = [byId.get(from), byId.get(to)];
    if (start === undefined || end === undefined) return [];
    return [{ id: `${from} ${to}`, from, to, path: curve(start, end), width: lineWidth(perMin), isTrouble }];
  });
  const titles = [
    ...(columns.services === undefined ? [] : [{ title: "Services", x: columns.services.x }]),
    { title: "Topics", x: columns.topics.x },
    { title: "Subscriptions, and what waits", x: columns.subscriptions.x },
    { title: "Dead letters", x: columns.letters.x },
  ];
  const lowest = Math.max(...nodes.map((node) => node.y), TOP);
  return { nodes, edges, height: lowest + NODE_HEIGHT + 6, columns: titles };
}

const DRIFT_WORDS = {
  missing: "missing on the broker",
  incomplete: "incomplete on the broker",
  differs: "differs from its declaration",
  "cannot-be-changed": "cannot be changed in place",
} as const;

interface Column {
  readonly column: number;
  readonly x: number;
  readonly width: number;
}

type Columns = Readonly<Record<"topics" | "subscriptions" | "letters", Column>> & {
  readonly services: Column | undefined;
};

function columnsOf(width: number, hasServices: boolean): Columns {
  const parts = hasServices ? ([0.16, 0.24, 0.31, 0.11] as const) : ([0, 0.31, 0.43, 0.14] as const);
  const gap = GAP_PART * width;
  let x = 1;
  const [services, topics, subscriptions, letters] = parts.map((part, column) => {
    const placed = { column, x, width: part * width };
    if (part > 0) x += placed.width + gap;
    return placed;
  }) as [Column, Column, Column, Column];
  return { services: hasServices ? services : undefined, topics, subscriptions, letters };
}

function unfoldedRows(rows: readonly SubscriptionRow[]): readonly SubscriptionRow[] {
  const troubles = rows.filter(hasTrouble).length;
  // One that is folded would take as much room as the button.
  return rows.length <= troubles + 1 ? rows : rows.slice(0, troubles);
}

function nodesOf(
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

function moreNode(
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

/** Each as near to its topics as there is room. */
function serviceNodes(
  services: readonly string[],
  topics: TopicRows,
  nodes: readonly DiagramNode[],
  place: Column,
): readonly DiagramNode[] {
  const wanted = services
    .map((service) => {
      const own = topics.filter(({ topic }) => topic.services.includes(service)).map(({ topic }) => topic.name);
      const heights = own.map((name) => nodes.find(({ id }) => id === `topic ${name}`)?.y ?? TOP);
      return { service, topics: own.length, y: heights.reduce((sum, y) => sum + y, 0) / heights.length };
    })
    .sort((a, b) => a.y - b.y);
  let free = TOP;
  return wanted.map(({ service, topics: count, y }) => {
    const placed = Math.max(free, y);
    free = placed + ROW;
    return {
      id: `service ${service}`,
      kind: "service",
      ...place,
      y: placed,
      title: visibleText(service),
      detail: `publishes to ${counted(count, "topic")}`,
      value: "",
      state: undefined,
      to: `/live?text=${encodeURIComponent(service)}`,
      label: `service ${visibleText(service)}: publishes to ${counted(count, "topic")}`,
    };
  });
}

function ratesText(perMin: number | null, what: string): string {
  return perMin === null ? "" : `${shownRate(perMin)} ${what} a minute`;
}

export function counted(count: number, what: string): string {
  return `${shownCount(count)} ${what}${count === 1 ? "" : "s"}`;
}

/** One pixel where the rate is not known, and a little more for each tenfold of it. */
function lineWidth(perMin: number | null): number {
  return perMin === null || perMin <= 0 ? 1 : Math.min(7, 1.5 + Math.log10(1 + perMin) * 1.4);
}

function curve(from: DiagramNode, to: DiagramNode): string {
  const [x1, y1] = [from.x + from.width, from.y + NODE_HEIGHT / 2];
  const [x2, y2] = [to.x, to.y + NODE_HEIGHT / 2];
  const middle = (x1 + x2) / 2;
  return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
}
