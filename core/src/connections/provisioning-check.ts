import type { TopologyChange } from "../driver.ts";
import { PubSubError } from "../base/errors.ts";

/** @throws PubSubError that lists what is missing or differs on all connections; with `named`, each line names its connection */
export function requireNoDifferences(
  found: readonly { readonly connection: { readonly name: string }; readonly changes: readonly TopologyChange[] }[],
  named: boolean,
): void {
  const all = found.flatMap(({ connection, changes }) =>
    changes.map(({ action, resource, detail }) => ({
      action,
      line: `${action === "create" ? `missing: ${resource}` : `differs: ${resource}: ${detail}`}${named ? ` (connection "${connection.name}")` : ""}`,
    })),
  );
  if (all.length === 0) return;
  const code = all.every(({ action }) => action === "create") ? "NOT_FOUND" : "TOPOLOGY_MISMATCH";
  const lines = all.map(({ line }) => line);
  throw new PubSubError(code, `what exists does not fit what is declared:\n  ${lines.join("\n  ")}`);
}
