import { adapters } from "./adapters.ts";
import { membersOf } from "./docstrings.ts";
import { code, markdownTable } from "./markdown-table.ts";

/** What each adapter can do, and what the words mean. */
export function capabilitiesPage(): Readonly<Record<string, string>> {
  const members = [...membersOf("core/src/contract/capabilities.ts", "Capabilities")];
  const flat = adapters.map(({ capabilities }) => new Map(flattened(capabilities)));
  // The order of the interface, which goes from what an application meets first to what few look up.
  const order = new Map(members.map(({ name }, index) => [name, index]));
  const names = [...new Set(flat.flatMap((cells) => [...cells.keys()]))].toSorted(
    (one, other) => (order.get(one.split(".")[0] ?? "") ?? 0) - (order.get(other.split(".")[0] ?? "") ?? 0),
  );
  const rows = names.map((name) => [code(name), ...flat.map((cells) => cells.get(name) ?? "")]);
  return {
    capabilities: markdownTable(["capability", ...adapters.map(({ name }) => name)], rows),
    meanings: markdownTable(
      ["capability", "what its values mean"],
      members.map(({ name, text }) => [code(name), text]),
    ),
  };
}

/** `ackDeadline: { minMs }` becomes `ackDeadline.minMs`. An object and a text may take turns, as in `publishDelay`. */
function flattened(value: object, prefix = ""): readonly (readonly [string, string])[] {
  return Object.entries(value).flatMap(([key, cell]: readonly [string, unknown]) => {
    const name = `${prefix}${key}`;
    if (typeof cell === "object" && cell !== null)
      return [
        ...(prefix === "" && name === "publishDelay" ? [[name, "broker"] as const] : []),
        ...flattened(cell, `${name}.`),
      ];
    return [[name, typeof cell === "number" ? shownNumber(cell) : String(cell)] as const];
  });
}

function shownNumber(value: number): string {
  return value === Number.MAX_SAFE_INTEGER ? "no limit" : value.toLocaleString("en-US");
}
