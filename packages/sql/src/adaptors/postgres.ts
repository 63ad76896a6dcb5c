import type { SqlExecutor, SqlRow, SqlValue } from "../executor.ts";
import { noTransaction } from "./bound.ts";

interface PostgresQueries {
  unsafe(sql: string, params: never[]): PromiseLike<readonly SqlRow[]>;
}

/** What `sql.begin` of postgres.js gives its callback. */
export interface PostgresTransaction extends PostgresQueries {
  /** Only a transaction has it. */
  readonly savepoint: unknown;
}

/** @throws TypeError for `sql` itself, and for a reserved connection */
export function fromPostgres(tx: PostgresTransaction): SqlExecutor {
  if (typeof tx.savepoint === "function") return autocommitPostgres(tx);
  throw noTransaction("fromPostgres: this sql", "pass the sql that sql.begin(async (sql) => …) gives");
}

/** Each statement by itself, on the `sql` of postgres.js. */
export function autocommitPostgres(sql: PostgresQueries): SqlExecutor {
  return {
    // Its own type of parameters depends on how the application has set it up.
    query: async (text: string, params: readonly SqlValue[]) => [...(await sql.unsafe(text, params as never[]))],
  };
}
