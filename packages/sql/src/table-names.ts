import { inspect } from "node:util";

import type { Dialect } from "./dialect.ts";

/** Where the tables are. */
export interface TableOptions {
  /**
   * The schema of PostgreSQL, or the database of MySQL and MariaDB. 1 to 63 letters, digits and `_`, and no digit first. It must exist.
   * SQLite has none. @default where the connection looks for a table without a schema
   */
  readonly schema?: string | undefined;
  /** What the names of all tables begin with: the same rule, at most 30 characters. @default "anytopic_" */
  readonly tablePrefix?: string | undefined;
}

/** Returns the quoted name of a table, which is given without its prefix: `outbox`. */
export type TableNames = (table: string) => string;

const SCHEMA = /^[A-Za-z_]\w{0,62}$/;
const PREFIX = /^[A-Za-z_]\w{0,29}$/;

/** @throws TypeError when an option is not allowed */
export function tableNames(dialect: Dialect, options: TableOptions = {}): TableNames {
  const { schema, tablePrefix } = checkedTableOptions(dialect, options);
  const quote = dialect === "mysql" ? "`" : '"';
  const place = schema === undefined ? "" : `${quote}${schema}${quote}.`;
  return (table) => `${place}${quote}${tablePrefix}${table}${quote}`;
}

/** The options with their defaults. @throws TypeError when one is not allowed */
export function checkedTableOptions(
  dialect: Dialect,
  { schema, tablePrefix = "anytopic_" }: TableOptions,
): { readonly schema: string | undefined; readonly tablePrefix: string } {
  if (dialect !== "postgres" && dialect !== "mysql" && dialect !== "sqlite") {
    throw new TypeError(`dialect is ${inspect(dialect)}: must be one of "postgres", "mysql", "sqlite"`);
  }
  if (schema !== undefined && dialect === "sqlite") throw new TypeError("schema: SQLite has none, leave it out");
  if (schema !== undefined) requireName("schema", schema, SCHEMA, 63);
  requireName("tablePrefix", tablePrefix, PREFIX, 30);
  return { schema, tablePrefix };
}

function requireName(option: string, name: unknown, allowed: RegExp, length: number): void {
  if (typeof name === "string" && allowed.test(name)) return;
  const shown = inspect(name, { maxStringLength: 80, depth: 0 });
  throw new TypeError(`${option} is ${shown}: must be 1 to ${length} letters, digits and _, and no digit first`);
}
