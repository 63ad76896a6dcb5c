import { autocommitPostgres } from "../adaptors/postgres.ts";
import type { SqlExecutor, SqlRow, SqlValue } from "../executor.ts";
import type { SqlPool, TransactionOptions } from "../pool.ts";

interface PostgresQueries {
  unsafe(sql: string, params?: never[]): PromiseLike<readonly SqlRow[]>;
}

/** What is used of the `sql` of postgres.js. */
export interface PostgresSql extends PostgresQueries {
  begin<Result>(options: string, work: (tx: PostgresQueries) => Promise<Result>): Promise<unknown>;
  listen(channel: string, onNotify: () => void): Promise<{ unlisten(): Promise<void> }>;
}

/**
 * The `sql` of postgres.js: `postgresPool(postgres(url))`. Listening uses a connection of its own, which the library repairs. When a signal
 * aborts, the transaction ends before its next statement: the library offers no way to close one connection.
 *
 * postgres.js 3.4.9 throws an uncaught exception ("reading 'write'" of null) when a statement is sent in the same turn of the event loop in
 * which its connection is lost. A process that stood still for longer than `idleTimeoutMs` may end so. `pgPool` has no such fault.
 */
export function postgresPool(sql: PostgresSql): SqlPool {
  const each = autocommitPostgres(sql);
  return Object.freeze({
    dialect: "postgres",
    query: async (text: string, params: readonly SqlValue[]) => await each.query(text, params),
    transaction: async <Result>(work: (tx: SqlExecutor) => Promise<Result>, options: TransactionOptions = {}) =>
      await transaction(sql, work, options),
    async listen(channel: string, onNotify: () => void) {
      const listening = await sql.listen(channel, onNotify);
      return {
        close: async () =>
          await listening.unlisten().catch(() => {
            // The connection is gone, and its channel with it.
          }),
      };
    },
  });
}

async function transaction<Result>(
  sql: PostgresSql,
  work: (tx: SqlExecutor) => Promise<Result>,
  { signal, idleTimeoutMs }: TransactionOptions,
): Promise<Result> {
  signal?.throwIfAborted();
  let isOver = false;
  try {
    const result = await sql.begin("ISOLATION LEVEL READ COMMITTED", async (tx) => {
      if (idleTimeoutMs !== undefined) {
        await tx.unsafe(`SET LOCAL idle_in_transaction_session_timeout = ${Math.ceil(idleTimeoutMs)}`);
      }
      const executor = autocommitPostgres(tx);
      const done = await work({
        async query(text, params) {
          signal?.throwIfAborted();
          // A statement on a connection that is lost would be an uncaught exception of postgres.js 3.4.9: it writes to a socket that it has forgotten.
          if (isOver) throw new Error("the connection of this transaction was lost");
          return await executor.query(text, params);
        },
      });
      signal?.throwIfAborted();
      return [done];
    });
    return (result as readonly [Result])[0];
  } finally {
    // The library rejects as soon as the connection is lost, although the work goes on.
    isOver = true;
  }
}
