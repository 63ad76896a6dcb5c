import type { Diagram, DiagramNode } from "./diagram.ts";

/** Where an arrow key leads from a node. `undefined` when nothing is there. */
export function nextNode({ nodes, edges }: Diagram, from: DiagramNode, key: string): DiagramNode | undefined {
  const column = nodes.filter((node) => node.column === from.column).sort((a, b) => a.y - b.y);
  const index = column.indexOf(from);
  if (key === "ArrowDown") return column[index + 1];
  if (key === "ArrowUp") return column[index - 1];
  if (key === "Home") return column[0];
  if (key === "End") return column.at(-1);
  if (key !== "ArrowLeft" && key !== "ArrowRight") return undefined;
  const isRight = key === "ArrowRight";
  const ids = new Set(
    edges.flatMap((edge) =>
      isRight ? (edge.from === from.id ? [edge.to] : []) : edge.to === from.id ? [edge.from] : [],
    ),
  );
  return nodes.filter(({ id }) => ids.has(id)).sort((a, b) => Math.abs(a.y - from.y) - Math.abs(b.y - from.y))[0];
}
