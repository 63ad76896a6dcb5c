import type { DiagramEdge } from "./diagram.ts";

/** A node with all before it and all behind it. */
export function connectedTo(id: string, edges: readonly DiagramEdge[]): ReadonlySet<string> {
  const found = new Set([id]);
  const walk = (from: "from" | "to", to: "from" | "to"): void => {
    let reached = [id];
    while (reached.length > 0) {
      const next = edges.filter((edge) => reached.includes(edge[from])).map((edge) => edge[to]);
      reached = [...new Set(next)].filter((one) => !found.has(one));
      for (const one of reached) found.add(one);
    }
  };
  walk("from", "to");
  walk("to", "from");
  return found;
}
