import type { SqlExecutor, SqlRow, SqlValue } from "../executor.ts";
import { boundForMysql, noTransaction, withQuestionMarks } from "./bound.ts";

interface Mysql2Queries {
  execute(options: never): Promise<[unknown, unknown]>;
}

/** A connection of `mysql2/promise` after `beginTransaction`. */
export interface Mysql2Transaction extends Mysql2Queries {
  /** Only a pool has it. */
  readonly getConnection?: never;
}

/** The library does not tell whether a connection has an open transaction. @throws TypeError for a pool */
export function fromMysql2(tx: Mysql2Transaction): SqlExecutor {
  if ("getConnection" in tx)
    throw noTransaction("fromMysql2: a pool", "pass the connection on which beginTransaction was awaited");
  return autocommitMysql2(tx);
}

/** Each statement by itself, on a pool or a connection of `mysql2/promise`. */
export function autocommitMysql2(pool: Mysql2Queries): SqlExecutor {
  if ("promise" in pool) throw new TypeError("this is the callback form of mysql2: pass its .promise()");
  return {
    async query(sql: string, params: readonly SqlValue[]) {
      const values = boundForMysql(params);
      const [rows] = await pool.execute({ sql: withQuestionMarks(sql), values, supportBigNumbers: true } as never);
      return Array.isArray(rows) ? (rows as readonly SqlRow[]) : [];
    },
  };
}
