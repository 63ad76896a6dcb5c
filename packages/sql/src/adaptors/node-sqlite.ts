import type { SqlRow, SqlValue, SyncSqlExecutor } from "../executor.ts";
import { boundForSqlite, noTransaction, withQuestionMarks } from "./bound.ts";

/** The `DatabaseSync` of `node:sqlite`. */
export interface NodeSqliteDatabase {
  readonly isTransaction: boolean;
  prepare(sql: string): {
    setReadBigInts(enabled: boolean): void;
    all(...params: (string | number | bigint | Uint8Array | null)[]): unknown[];
  };
}

/** Integers come as `bigint`. @throws TypeError for a database without an open transaction */
export function fromNodeSqlite(database: NodeSqliteDatabase): SyncSqlExecutor {
  if (database.isTransaction) return executorOf(database);
  throw noTransaction("fromNodeSqlite: this database", "execute BEGIN IMMEDIATE before");
}

/**
 * Each statement by itself, on a connection that nobody else uses.
 * @throws TypeError for a database with an open transaction: what is written here would be rolled back with it
 */
export function autocommitNodeSqlite(database: NodeSqliteDatabase): SyncSqlExecutor {
  const executor = executorOf(database);
  return {
    query(sql: string, params: readonly SqlValue[]) {
      if (!database.isTransaction) return executor.query(sql, params);
      throw new TypeError(
        "autocommitNodeSqlite: this database has an open transaction: pass a DatabaseSync of its own",
      );
    },
  };
}

function executorOf(database: NodeSqliteDatabase): SyncSqlExecutor {
  return {
    query(sql: string, params: readonly SqlValue[]) {
      const statement = database.prepare(withQuestionMarks(sql));
      // Without this, an integer beyond 2^53 is an error.
      statement.setReadBigInts(true);
      return statement.all(...boundForSqlite(params)) as SqlRow[];
    },
  };
}
