import { table } from "./output.ts";
import type { ProbedConnection } from "./probe-connections.ts";

/** Capabilities, one column for each connection that answers. */
export function capabilityTable(connections: readonly ProbedConnection[]): string {
  const answering = connections.flatMap(({ name, capabilities }) =>
    capabilities === null ? [] : [{ name, cells: flattened(capabilities) }],
  );
  const names = [...new Set(answering.flatMap(({ cells }) => [...cells.keys()]))];
  const rows = names.map((name) => [name, ...answering.map(({ cells }) => cells.get(name) ?? "")]);
  return table(["CAPABILITY", ...answering.map(({ name }) => name.toUpperCase())], rows);
}

/** `ackDeadline: { minMs }` becomes `ackDeadline.minMs`. */
function flattened(value: object, prefix = ""): Map<string, string> {
  const cells = new Map<string, string>();
  for (const [key, cell] of Object.entries(value)) {
    if (typeof cell === "object" && cell !== null) {
      for (const [inner, text] of flattened(cell, `${prefix}${key}.`)) cells.set(inner, text);
    } else cells.set(prefix + key, typeof cell === "number" ? shownNumber(cell) : String(cell));
  }
  return cells;
}

/** The largest number means "no limit": capabilities are JSON, which has no `Infinity`. */
function shownNumber(value: number): string {
  return value === Number.MAX_SAFE_INTEGER ? "no limit" : value.toLocaleString("en-US");
}
