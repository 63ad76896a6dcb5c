import type { SqlExecutor, SqlRow, SqlValue } from "../executor.ts";
import { boundForMysql, noTransaction, withQuestionMarks } from "./bound.ts";

/** A `Knex` on PostgreSQL or MySQL, or a transaction of it. */
export interface KnexDatabase {
  raw(sql: string, bindings: never): PromiseLike<unknown>;
}

/** What `knex.transaction` gives its callback or resolves with. */
export interface KnexTransaction extends KnexDatabase {
  readonly isTransaction?: boolean;
  isCompleted(): boolean;
}

/** @throws TypeError for a `Knex` that is no transaction, and for a transaction that has ended */
export function fromKnex(tx: KnexTransaction): SqlExecutor {
  if (tx.isTransaction === true && !tx.isCompleted()) return autocommitKnex(tx);
  throw noTransaction("fromKnex: this Knex", "pass the transaction that knex.transaction gives");
}

/** Each statement by itself. */
export function autocommitKnex(knex: KnexDatabase): SqlExecutor {
  const { client } = knex as { readonly client?: { readonly driverName?: string } };
  const isMysql = client?.driverName?.startsWith("mysql") === true;
  return {
    async query(sql: string, params: readonly SqlValue[]) {
      const bindings = isMysql ? boundForMysql(params) : [...params];
      return rowsOf(await knex.raw(withQuestionMarks(sql), bindings as never));
    },
  };
}

/** `pg` answers with an object, mysql2 with a pair of rows and columns; the first is an object for statements that return no rows. */
function rowsOf(result: unknown): readonly SqlRow[] {
  if (!Array.isArray(result)) return (result as { readonly rows: readonly SqlRow[] }).rows;
  const [rows] = result as readonly unknown[];
  return Array.isArray(rows) ? (rows as readonly SqlRow[]) : [];
}
