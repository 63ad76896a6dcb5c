import type { OptionSpecs } from "./command.ts";
import { DATABASE_OPTIONS, withDatabase } from "./database.ts";
import type { Given } from "./given.ts";

/** Flags of commands that look after the tables of `@anytopic/sql` as well. */
export const TABLES_OPTIONS: OptionSpecs = Object.freeze({
  tables: {
    type: "boolean",
    description:
      "also the tables of outbox, inbox, schedule and archive, in the database of --database or ANYTOPIC_DATABASE_URL",
  },
  ...DATABASE_OPTIONS,
});

/** The migrations that are missing or were applied, each as its number and name: `001-outbox`. `undefined` when nobody asked for tables. */
export type TableMigrations = readonly string[] | undefined;

const isAsked = (given: Given): boolean => given.flag("tables") || given.text("database") !== undefined;

const nameOf = ({ version, name }: { readonly version: number; readonly name: string }): string =>
  `${String(version).padStart(3, "0")}-${name}`;

/** Applies what is missing. */
export async function appliedTables(given: Given): Promise<TableMigrations> {
  if (!isAsked(given)) return undefined;
  return await withDatabase(given, async ({ pool, sql, tables }) => {
    const applied = await pool.transaction((tx) => sql.applyMigrations(tx, tables));
    return applied.map(nameOf);
  });
}

/** Changes nothing. */
export async function missingTables(given: Given): Promise<TableMigrations> {
  if (!isAsked(given)) return undefined;
  return await withDatabase(given, async ({ pool, sql, tables }) => {
    const missing = await pool.transaction((tx) => sql.missingMigrations(tx, tables));
    return missing.map(nameOf);
  });
}
