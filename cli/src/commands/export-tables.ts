import type { Command } from "../command.ts";
import { importSqlPackage } from "../outbox-packages.ts";
import { EXIT } from "../exit-codes.ts";

const DIALECTS = ["postgres", "mysql", "sqlite"] as const;

/** `anytopic export tables` */
export const exportTables: Command = {
  name: "export tables",
  operands: "",
  operandCount: [0, 0],
  summary: "write the SQL that makes the tables of outbox, inbox, schedule and archive",
  details: `For those who apply migrations by hand or with their own tool; else: anytopic apply --tables. Each step records its version in a
table, so that later versions of the packages know what is there. Contacts nobody.`,
  example: "anytopic export tables --dialect postgres --schema app > anytopic.sql",
  options: {
    dialect: { type: "string", value: "NAME", choices: DIALECTS, description: "postgres (default), mysql or sqlite" },
    schema: { type: "string", value: "NAME", description: "the schema of PostgreSQL, or the database of MySQL" },
    "table-prefix": { type: "string", value: "TEXT", description: "what the tables begin with (default: anytopic_)" },
  },
  offline: true,
  async run({ given, output }) {
    const sqlPackage = await importSqlPackage();
    const names = { schema: given.text("schema"), tablePrefix: given.text("table-prefix") };
    const steps = sqlPackage.migrations(given.text("dialect") ?? "postgres", names);
    output.text(steps.map(({ name, sql }) => `-- ${name}\n${sql}`).join("\n"));
    return EXIT.ok;
  },
};
