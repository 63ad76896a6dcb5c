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
 */
export function postgresPool(sql: PostgresSql): SqlPool {
  const each = autocommitPostgres(sql);
  return Object.freeze({
    dialect: "postgres",
    query: async (text: string, params: readonly SqlValue[]) => await each.query(text, params),
    transaction: async <Result>(work: (tx: SqlExecutor) => Promise<Result>, options: TransactionOptions = {}) => {
      const { signal, idleTimeoutMs } = options;
      signal?.throwIfAborted();
      const result = await sql.begin("ISOLATION LEVEL READ COMMITTED", async (tx) => {
        if (idleTimeoutMs !== undefined) {
          await tx.unsafe(`SET LOCAL idle_in_transaction_session_timeout = ${Math.ceil(idleTimeoutMs)}`);
        }
        const executor = autocommitPostgres(tx);
        const done = await work({
          async query(text, params) {
            signal?.throwIfAborted();
            return await executor.query(text, params);
          },
        });
        signal?.throwIfAborted();
        return [done];
      });
      return (result as readonly [Result])[0];
    },
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
