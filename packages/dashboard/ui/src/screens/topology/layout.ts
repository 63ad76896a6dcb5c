import type { Overview } from "../../../../src/api/overview.ts";
import { hasTrouble, type SubscriptionRow, type topicRows } from "../../parts/subscription-rows.ts";
import { columnsOf } from "./columns.ts";
import type { Diagram, DiagramNode } from "./diagram.ts";
import { GAP_OF_TOPICS, NODE_HEIGHT, ROW, TOP } from "./measures.ts";
import { moreNode, nodesOf, topicNodeOf } from "./nodes.ts";
import { serviceNodes } from "./service-nodes.ts";

type TopicRows = ReturnType<typeof topicRows>;

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
    const first = nodes.length;
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
    const topicNode = topicNodeOf(topic, rows.length > 0, columns, middle);
    // Screen readers read it before its subscriptions.
    nodes.splice(first, 0, topicNode);
    for (const service of topic.services) {
      links.push({
        from: `service ${service}`,
        to: `topic ${topic.name}`,
        // Of several, nobody knows which publishes how much.
        perMin: topic.services.length === 1 ? topic.publishedPerMin : null,
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

function unfoldedRows(rows: readonly SubscriptionRow[]): readonly SubscriptionRow[] {
  const troubles = rows.filter(hasTrouble).length;
  // One that is folded would take as much room as the button.
  return rows.length <= troubles + 1 ? rows : rows.slice(0, troubles);
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
