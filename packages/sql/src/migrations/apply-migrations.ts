import { PubSubError } from "@anytopic/core";

import type { Dialect } from "../dialect.ts";
import type { SqlExecutor, SyncSqlExecutor } from "../executor.ts";
import { lockNumber } from "../lock-number.ts";
import { tableNames, type TableOptions } from "../table-names.ts";
import { type Migration, migrations } from "./migrations.ts";

export interface MigrationOptions extends TableOptions {
  /** The SQL of the database. */
  readonly dialect: Dialect;
}

/** How long one process waits for another that applies migrations, in s. Only for MySQL, whose locks do not end with a transaction. */
const LOCK_WAIT_S = 60;

/**
 * Applies the migrations that are missing, and returns them. Several processes may do this at once: one does the work, and the others wait
 * for it and find nothing to do.
 *
 * `executor` must be that of a transaction: on PostgreSQL with READ COMMITTED, which is its default, on SQLite begun with `BEGIN IMMEDIATE`.
 * There, all is applied or nothing. MySQL and MariaDB commit after each statement that makes a table: what has failed on the way is
 * completed by the next call. The role must be allowed to create tables; to use them it needs less, see `grants`.
 *
 * @throws TypeError when an option is not allowed
 * @throws PubSubError `TIMEOUT` when another process has applied migrations of MySQL for 60 s; else the library's own error
 */
export async function applyMigrations(
  executor: SqlExecutor | SyncSqlExecutor,
  options: MigrationOptions,
): Promise<readonly Migration[]> {
  const { dialect } = options;
  const table = tableNames(dialect, options)("migration");
  const apply = async (): Promise<readonly Migration[]> => {
    const missing = await missingMigrations(executor, options);
    for (const { statements } of missing) for (const statement of statements) await executor.query(statement, []);
    return missing;
  };
  if (dialect === "postgres") {
    await executor.query("SELECT pg_advisory_xact_lock($1::text::bigint)::text AS lock", [lockNumber(table)]);
  }
  return dialect === "mysql" ? await locked(executor, `anytopic ${lockNumber(table)}`, apply) : await apply();
}

/**
 * The migrations that were not applied yet: empty when the tables are as this version of the package needs them. Changes nothing.
 *
 * @throws TypeError when an option is not allowed; else the library's own error
 */
export async function missingMigrations(
  executor: SqlExecutor | SyncSqlExecutor,
  options: MigrationOptions,
): Promise<readonly Migration[]> {
  const { dialect } = options;
  const all = migrations(dialect, options);
  const table = tableNames(dialect, options)("migration");
  const found = await executor.query(...existence(options));
  if (found.length === 0) return all;
  const rows = await executor.query(`SELECT version FROM ${table}`, []);
  const applied = new Set(rows.map(({ version }) => Number(version)));
  return all.filter(({ version }) => !applied.has(version));
}

/** A query that has a row when the table of versions exists. */
function existence(options: MigrationOptions): [string, readonly string[]] {
  const { dialect, schema, tablePrefix = "anytopic_" } = options;
  const name = `${tablePrefix}migration`;
  if (dialect === "postgres") {
    return ["SELECT 1 AS found WHERE to_regclass($1::text) IS NOT NULL", [tableNames(dialect, options)("migration")]];
  }
  if (dialect === "sqlite") return ["SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = $1", [name]];
  const place = schema === undefined ? "DATABASE()" : "$2";
  return [
    `SELECT 1 AS found FROM information_schema.tables WHERE table_name = $1 AND table_schema = ${place}`,
    schema === undefined ? [name] : [name, schema],
  ];
}

async function locked<Result>(
  executor: SqlExecutor | SyncSqlExecutor,
  lock: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const [row] = await executor.query("SELECT GET_LOCK($1, $2) AS locked", [lock, LOCK_WAIT_S]);
  if (Number(row?.["locked"]) !== 1) {
    throw new PubSubError("TIMEOUT", `another process has applied migrations for ${LOCK_WAIT_S} s`);
  }
  try {
    return await work();
  } finally {
    await executor.query("SELECT RELEASE_LOCK($1) AS released", [lock]);
  }
}
