import type { SqlExecutor, SqlRow, SqlValue } from "../executor.ts";
import { noTransaction } from "./bound.ts";

interface PgQueries {
  query(sql: string, params: unknown[]): Promise<{ readonly rows: readonly SqlRow[] }>;
}

/** A client of `pg` between `BEGIN` and `COMMIT`, from `new Client()` or `pool.connect()`. */
export interface PgTransaction extends PgQueries {
  /** Only a `Pool` has it. */
  readonly totalCount?: never;
}

const INSTEAD = "pass the client on which BEGIN was awaited";

/** @throws TypeError for a `Pool`, and, with pg 8.20 and newer, for a client outside of a transaction */
export function fromPg(tx: PgTransaction): SqlExecutor {
  if ("totalCount" in tx) throw noTransaction("fromPg: a Pool", INSTEAD);
  if ("getTransactionStatus" in tx && typeof tx.getTransactionStatus === "function") {
    // Null before the first answer of the server; "I" for idle.
    const status: unknown = tx.getTransactionStatus();
    if (status === "I" || status === null) throw noTransaction("fromPg: this client", INSTEAD);
  }
  return autocommitPg(tx);
}

/** Each statement by itself, on a `Pool` or a client that has no transaction. */
export function autocommitPg(pool: PgQueries): SqlExecutor {
  return {
    query: async (sql: string, params: readonly SqlValue[]) => (await pool.query(sql, [...params])).rows,
  };
}
