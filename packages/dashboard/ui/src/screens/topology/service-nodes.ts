import { counted } from "../../parts/format.ts";
import type { topicRows } from "../../parts/subscription-rows.ts";
import { visibleText } from "../../parts/visible-text.ts";
import type { Column } from "./columns.ts";
import type { DiagramNode } from "./diagram.ts";
import { ROW, TOP } from "./measures.ts";

type TopicRows = ReturnType<typeof topicRows>;

/** Each as near to its topics as there is room. */
export function serviceNodes(
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
