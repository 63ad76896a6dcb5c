import type { SqlExecutor, SqlRow, SqlValue } from "../executor.ts";
import { noTransaction, withQuestionMarks } from "./bound.ts";

/** The `EntityManager` of an SQL driver of MikroORM. */
export interface MikroOrmEntityManager {
  isInTransaction(): boolean;
  execute(sql: string, params: unknown[]): Promise<unknown>;
}

/** @throws TypeError for an `EntityManager` outside of a transaction */
export function fromMikroOrm(em: MikroOrmEntityManager): SqlExecutor {
  if (em.isInTransaction()) return autocommitMikroOrm(em);
  throw noTransaction("fromMikroOrm: this EntityManager", "pass the one that em.transactional gives");
}

/** Each statement by itself, on an `EntityManager` without a transaction: `orm.em.fork()`. */
export function autocommitMikroOrm(em: MikroOrmEntityManager): SqlExecutor {
  return {
    query: async (sql: string, params: readonly SqlValue[]) =>
      (await em.execute(withQuestionMarks(sql), params.map(bound))) as readonly SqlRow[],
  };
}

/** MikroORM writes values into the text of the statement. It knows a `Buffer`, and a `Date` in its own time zone. */
function bound(value: SqlValue): unknown {
  if (value instanceof Date) return value.toISOString();
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;
}
