import type { Adaptor, SqlExecutor, SqlRow, SqlValue } from "../executor.ts";
import { boundForMysql, noTransaction } from "./bound.ts";

const KIND = Symbol.for("drizzle:entityKind");

/** The tag `sql` that `drizzle-orm` exports. */
export interface DrizzleSql {
  raw(text: string): unknown;
  param(value: unknown): unknown;
  join(chunks: never[]): unknown;
}

/** A database of Drizzle, on PostgreSQL or MySQL. */
export interface DrizzleDatabase {
  execute(query: never): PromiseLike<unknown>;
}

/** What `db.transaction` of Drizzle gives its callback. */
export interface DrizzleTransaction extends DrizzleDatabase {
  /** Only a transaction has it. */
  rollback(): never;
}

/**
 * `fromDrizzle(sql)`, with the `sql` of `drizzle-orm`. For PostgreSQL and MySQL; on SQLite pass the library's own object to its adaptor.
 * @throws TypeError for a database that is no transaction
 */
export function fromDrizzle(sql: DrizzleSql): Adaptor<DrizzleTransaction> {
  const each = autocommitDrizzle(sql);
  return (tx) => {
    if (typeof tx.rollback === "function") return each(tx);
    throw noTransaction("fromDrizzle: this database", "pass the transaction that db.transaction gives");
  };
}

/** `autocommitDrizzle(sql)(db)`: each statement by itself. */
export function autocommitDrizzle(sql: DrizzleSql): (database: DrizzleDatabase) => SqlExecutor {
  return (database) => ({
    async query(text: string, params: readonly SqlValue[]) {
      const [first = "", ...parts] = text.split(/\$\d+/);
      const values = isMysql(database) ? boundForMysql(params) : params.map(bound);
      const chunks = parts.flatMap((part, index) => [sql.param(values[index]), sql.raw(part)]);
      return rowsOf(await database.execute(sql.join([sql.raw(first), ...chunks] as never[]) as never));
    },
  });
}

/** Drizzle marks its classes with their names. */
function isMysql(database: DrizzleDatabase): boolean {
  const { constructor } = database as { readonly constructor: { readonly [KIND]?: string } };
  return constructor[KIND]?.startsWith("MySql") === true;
}

/** With postgres.js, Drizzle takes times only as text. */
function bound(value: SqlValue): unknown {
  return value instanceof Date ? value.toISOString() : value;
}

/** `pg` answers with an object, mysql2 with a pair of rows and columns, postgres.js with a flat list. */
function rowsOf(result: unknown): readonly SqlRow[] {
  if (!Array.isArray(result)) return (result as { readonly rows: readonly SqlRow[] }).rows;
  const [rows] = result as readonly unknown[];
  if (Array.isArray(rows)) return rows as readonly SqlRow[];
  const isMysqlHeader = result.length === 2 && typeof rows === "object" && rows !== null && "affectedRows" in rows;
  return isMysqlHeader ? [] : [...(result as readonly SqlRow[])];
}
