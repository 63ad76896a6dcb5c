import { autocommitNodeSqlite, fromNodeSqlite, type NodeSqliteDatabase } from "../adaptors/node-sqlite.ts";
import type { SqlExecutor, SqlValue, SyncSqlExecutor } from "../executor.ts";
import type { SqlPool, TransactionOptions } from "../pool.ts";

/** What is used of a `DatabaseSync` of `node:sqlite`. */
export interface NodeSqliteConnection extends NodeSqliteDatabase {
  exec(sql: string): unknown;
}

/**
 * A database of `node:sqlite`: `nodeSqlitePool(new DatabaseSync(path, { timeout: 5000 }))`. Give it a `DatabaseSync` of its own: on a
 * shared one, the application's statements would become part of these transactions. All work on it runs one after the other.
 */
export function nodeSqlitePool(database: NodeSqliteConnection): SqlPool {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return await turn;
  };
  return Object.freeze({
    dialect: "sqlite",
    query: async (sql: string, params: readonly SqlValue[]) =>
      await inTurn(async () => await later(autocommitNodeSqlite(database)).query(sql, params)),
    transaction: async <Result>(work: (tx: SqlExecutor) => Promise<Result>, options: TransactionOptions = {}) =>
      await inTurn(async () => await transaction(database, work, options)),
  });
}

async function transaction<Result>(
  database: NodeSqliteConnection,
  work: (tx: SqlExecutor) => Promise<Result>,
  { signal }: TransactionOptions,
): Promise<Result> {
  signal?.throwIfAborted();
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = await work(later(fromNodeSqlite(database)));
    signal?.throwIfAborted();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // After some errors the database has rolled back by itself.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function later(executor: SyncSqlExecutor): SqlExecutor {
  return { query: async (sql, params) => await Promise.resolve(executor.query(sql, params)) };
}
