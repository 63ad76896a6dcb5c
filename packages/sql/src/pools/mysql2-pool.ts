import { autocommitMysql2 } from "../adaptors/mysql2.ts";
import type { SqlExecutor, SqlValue } from "../executor.ts";
import type { SqlPool, TransactionOptions } from "../pool.ts";

/** What is used of a connection of `mysql2/promise`. */
export interface Mysql2Connection {
  execute(options: never): Promise<[unknown, unknown]>;
  query(sql: string): Promise<readonly unknown[]>;
  release(): void;
  destroy(): void;
}

/** What is used of a pool of `mysql2/promise`. */
export interface Mysql2Pool {
  getConnection(): Promise<Mysql2Connection>;
  execute(options: never): Promise<[unknown, unknown]>;
}

/** The pool of `mysql2/promise`, for MySQL and MariaDB: `mysql2Pool(createPool({ … }))`. Each transaction takes one of its connections. */
export function mysql2Pool(pool: Mysql2Pool): SqlPool {
  const each = autocommitMysql2(pool);
  return Object.freeze({
    dialect: "mysql",
    query: async (text: string, params: readonly SqlValue[]) => await each.query(text, params),
    transaction: async <Result>(work: (tx: SqlExecutor) => Promise<Result>, options: TransactionOptions = {}) =>
      await transaction(pool, work, options),
  });
}

async function transaction<Result>(
  pool: Mysql2Pool,
  work: (tx: SqlExecutor) => Promise<Result>,
  { signal, idleTimeoutMs }: TransactionOptions,
): Promise<Result> {
  signal?.throwIfAborted();
  const connection = await pool.getConnection();
  let given = true;
  const giveBack = (destroy: boolean): void => {
    if (!given) return;
    given = false;
    signal?.removeEventListener("abort", onAbort);
    if (destroy) connection.destroy();
    else connection.release();
  };
  const onAbort = (): void => giveBack(true);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    if (idleTimeoutMs !== undefined) await connection.query(shortWait(idleTimeoutMs));
    // For the next transaction only. REPEATABLE READ would lock the gaps that writers insert into.
    await connection.query("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
    await connection.query("START TRANSACTION");
    const result = await work(autocommitMysql2(connection));
    signal?.throwIfAborted();
    await connection.query("COMMIT");
    if (idleTimeoutMs !== undefined) await connection.query("SET SESSION wait_timeout = @anytopic_wait_timeout");
    giveBack(false);
    return result;
  } catch (error) {
    // Not every failure leaves a connection that answers. A new one costs less than to find out.
    giveBack(true);
    throw error;
  }
}

/** The server ends a connection that has been idle for so long, and its transaction with it. MariaDB's own settings for transactions do not exist in MySQL. */
function shortWait(idleTimeoutMs: number): string {
  return `SET @anytopic_wait_timeout = @@SESSION.wait_timeout, SESSION wait_timeout = ${Math.ceil(idleTimeoutMs / 1000)}`;
}
