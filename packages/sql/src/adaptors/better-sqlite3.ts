import type { SqlRow, SqlValue, SyncSqlExecutor } from "../executor.ts";
import { boundForSqlite, noTransaction, withQuestionMarks } from "./bound.ts";

/** A `Database` of `better-sqlite3`, or of `libsql`, which has the same interface. */
export interface BetterSqlite3Database {
  readonly inTransaction: boolean;
  prepare(sql: string): {
    readonly reader: boolean;
    safeIntegers(enabled: boolean): unknown;
    all(...params: never[]): unknown[];
    run(...params: never[]): unknown;
  };
}

/** Integers come as `bigint`. @throws TypeError for a database without an open transaction */
export function fromBetterSqlite3(database: BetterSqlite3Database): SyncSqlExecutor {
  if (database.inTransaction) return executorOf(database);
  throw noTransaction("fromBetterSqlite3: this database", "call this inside of db.transaction(…)");
}

/**
 * Each statement by itself, on a connection that nobody else uses.
 * @throws TypeError for a database with an open transaction: what is written here would be rolled back with it
 */
export function autocommitBetterSqlite3(database: BetterSqlite3Database): SyncSqlExecutor {
  const executor = executorOf(database);
  return {
    query(sql: string, params: readonly SqlValue[]) {
      if (!database.inTransaction) return executor.query(sql, params);
      throw new TypeError("autocommitBetterSqlite3: this database has an open transaction: pass a Database of its own");
    },
  };
}

function executorOf(database: BetterSqlite3Database): SyncSqlExecutor {
  return {
    query(sql: string, params: readonly SqlValue[]) {
      const statement = database.prepare(withQuestionMarks(sql));
      const values = boundForSqlite(params).map(bound) as never[];
      if (!statement.reader) {
        statement.run(...values);
        return [];
      }
      statement.safeIntegers(true);
      return (statement.all(...values) as SqlRow[]).map(withBytes);
    },
  };
}

/** better-sqlite3 takes bytes only as a `Buffer`. */
function bound(value: string | number | bigint | Uint8Array | null): unknown {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;
}

/** libsql gives bytes as an `ArrayBuffer`. */
function withBytes(row: SqlRow): SqlRow {
  const entries = Object.entries(row);
  if (!entries.some(([, value]) => value instanceof ArrayBuffer)) return row;
  return Object.fromEntries(
    entries.map(([key, value]) => [key, value instanceof ArrayBuffer ? new Uint8Array(value) : value]),
  );
}
