import type { SqlExecutor, SqlRow, SqlValue } from "../executor.ts";
import type { SqlPool, TransactionOptions } from "../pool.ts";
import { withQuestionMarks } from "./question-marks.ts";

/** What is used of a `DatabaseSync` of `node:sqlite`, and what better-sqlite3's `Database` has too. */
export interface NodeSqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): { all(...params: never[]): readonly unknown[] };
}

/**
 * A database of `node:sqlite`: `nodeSqlitePool(new DatabaseSync(path, { timeout: 5000 }))`. Give it a `DatabaseSync` of its own: on a shared one the
 * application's statements would become part of these transactions. Transactions and statements run one after the other.
 */
export function nodeSqlitePool(database: NodeSqliteDatabase): SqlPool {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const turn = last.then(work, work);
    last = turn.catch(() => {});
    return await turn;
  };
  const run = (sql: string, params: readonly SqlValue[]): readonly SqlRow[] =>
    database.prepare(withQuestionMarks(sql)).all(...(params as readonly never[])) as readonly SqlRow[];
  return Object.freeze({
    dialect: "sqlite",
    query: async (sql: string, params: readonly SqlValue[]) => await inTurn(async () => await Promise.resolve(run(sql, params))),
    transaction: async <Result>(work: (tx: SqlExecutor) => Promise<Result>, options: TransactionOptions = {}) =>
      await inTurn(async () => await transaction(database, run, work, options)),
  });
}

async function transaction<Result>(
  database: NodeSqliteDatabase,
  run: (sql: string, params: readonly SqlValue[]) => readonly SqlRow[],
  work: (tx: SqlExecutor) => Promise<Result>,
  { signal }: TransactionOptions,
): Promise<Result> {
  signal?.throwIfAborted();
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = await work({ query: async (sql, params) => await Promise.resolve(run(sql, params)) });
    signal?.throwIfAborted();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}
