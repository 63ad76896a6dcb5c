import { readdirSync, readFileSync } from "node:fs";

import type { Dialect } from "../dialect.ts";
import { checkedTableOptions, tableNames, type TableOptions } from "../table-names.ts";

/** One step from an older form of the tables to a newer one. */
export interface Migration {
  /** Counts from 1. */
  readonly version: number;
  /** What it makes, as the name of its file: `outbox`. */
  readonly name: string;
  /** Its statements, in order, without `;`. The last one records the version. */
  readonly statements: readonly string[];
  /** The same as one text, to be run by hand, on PostgreSQL and SQLite in one transaction. */
  readonly sql: string;
}

const FOLDER = new URL("../../migrations/", import.meta.url);
const FILE = /^(\d{3})-([a-z-]+)\.sql$/;

/**
 * All migrations of a dialect, in their order, with the names of the tables as the options say. Reads the files of this package.
 *
 * @throws TypeError when an option is not allowed
 */
export function migrations(dialect: Dialect, options: TableOptions = {}): readonly Migration[] {
  const named = renaming(dialect, options);
  const folder = new URL(`${dialect}/`, FOLDER);
  return readdirSync(folder)
    .toSorted()
    .flatMap((file) => {
      const [, version, name] = FILE.exec(file) ?? [];
      if (version === undefined || name === undefined) return [];
      const statements = statementsOf(named(readFileSync(new URL(file, folder), "utf8")));
      const sql = statements.map((statement) => `${statement};\n`).join("\n");
      return [Object.freeze({ version: Number(version), name, statements, sql })];
    });
}

/** Each statement of a file ends with `;` at the end of a line, and a comment has lines of its own. */
function statementsOf(text: string): readonly string[] {
  return text
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("--"))
    .join("\n")
    .split(/;\s*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

/** Gives the tables and indexes of a text other names. In the files they begin with `anytopic_`. */
function renaming(dialect: Dialect, options: TableOptions): (text: string) => string {
  const { tablePrefix } = checkedTableOptions(dialect, options);
  const name = tableNames(dialect, options);
  return (text) =>
    text.replaceAll(/(\bINDEX )?\banytopic_(\w+)/g, (_, index: string | undefined, table: string) =>
      // An index is made in the schema of its table, and must not be named with one.
      index === undefined ? name(table) : `${index}"${tablePrefix}${table}"`,
    );
}
