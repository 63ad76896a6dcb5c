import type { Command } from "../command.ts";
import { missingTables, TABLES_OPTIONS } from "../database-tables.ts";
import { selectDeclarations } from "../declarations.ts";
import { EXIT } from "../exit-codes.ts";
import { counted } from "../output.ts";
import { examine, planText } from "../examine.ts";
import { withPubSub } from "../settings.ts";

/** `anytopic plan` */
export const plan: Command = {
  name: "plan",
  operands: "[topic|topic/subscription …]",
  operandCount: [0, 1000],
  summary: "compare what exists with what is declared; changes nothing",
  details: `Says of each declaration: exists, missing (apply creates it), differs (apply --update changes it in place), or
cannot be changed in place (destroy it, with its messages, and apply again).
With --tables it also says which tables of outbox, inbox, schedule and archive are missing in the database.
Exit code 0 when everything exists and matches, 1 when not.`,
  example: "anytopic plan && echo nothing to do",
  options: TABLES_OPTIONS,
  async run({ given, settings, output, signal }) {
    const resolved = await settings();
    const chosen = selectDeclarations(await resolved.declarations(), given.positionals);
    const examined = await withPubSub(resolved, { signal }, (pubsub) => examine(pubsub, chosen));
    const { changes, declarations } = examined;
    const migrations = await missingTables(given);
    const upToDate = changes.length === 0 && (migrations ?? []).length === 0;
    output.result({ upToDate, declarations, changes, migrations }, () =>
      [
        changes.length === 0
          ? `${counted(declarations.length, "declaration")}: everything exists as declared.`
          : planText(examined),
        ...(migrations ?? []).map((migration) => `missing: tables of ${migration}`),
        ...(migrations?.length === 0 ? ["The tables in the database exist."] : []),
      ].join("\n"),
    );
    return upToDate ? EXIT.ok : EXIT.failed;
  },
};
