import type { PlannedChange } from "@anytopic/core";
import type { Command } from "../command.ts";
import { appliedTables, TABLES_OPTIONS, type TableMigrations } from "../database-tables.ts";
import { selectDeclarations } from "../declarations.ts";
import { changesText } from "../examine.ts";
import { EXIT } from "../exit-codes.ts";
import { withPubSub } from "../settings.ts";

/** `anytopic apply` */
export const apply: Command = {
  name: "apply",
  operands: "[topic|topic/subscription …]",
  operandCount: [0, 1000],
  summary: "create what is missing; with --update also change what differs",
  details: `Safe to run again, also in parallel. Never deletes anything.
With --tables it also creates the tables of outbox, inbox, schedule and archive in the database, or brings them up to date.
Exit code 0 when everything exists and matches afterwards, 1 when differences remain.`,
  example: "anytopic apply --update",
  options: {
    update: { type: "boolean", description: "also change what differs and can be changed in place" },
    ...TABLES_OPTIONS,
  },
  async run({ given, settings, output, signal }) {
    const resolved = await settings();
    const chosen = selectDeclarations(await resolved.declarations(), given.positionals);
    const migrations = await appliedTables(given);
    return await withPubSub(resolved, { signal }, async (pubsub) => {
      const done = await pubsub.apply(chosen, { update: given.flag("update") });
      const left = await pubsub.plan(chosen);
      output.result({ done, left, migrations }, () => applyText(done, left, migrations));
      if (left.length > 0) output.note(hintFor(left));
      return left.length === 0 ? EXIT.ok : EXIT.failed;
    });
  },
};

function applyText(
  done: readonly PlannedChange[],
  left: readonly PlannedChange[],
  migrations: TableMigrations = [],
): string {
  const verbs = { create: "created", update: "changed", replace: "left alone" } as const;
  const lines = done.map(
    ({ action, resource, detail }) => `${verbs[action]}: ${resource}${detail === "" ? "" : `: ${detail}`}`,
  );
  lines.push(...migrations.map((migration) => `created: tables of ${migration}`));
  if (left.length > 0) lines.push(changesText(left));
  return lines.length === 0 ? "Nothing to do: everything exists as declared." : lines.join("\n");
}

function hintFor(left: readonly PlannedChange[]): string {
  return left.some(({ action }) => action === "replace")
    ? "hint: what cannot be changed in place must be destroyed, with its messages, and applied again"
    : "hint: anytopic apply --update changes what differs";
}
