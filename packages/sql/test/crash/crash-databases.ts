import {
  autocommitMysql2,
  autocommitPg,
  fromMysql2,
  fromPg,
  type SqlExecutor,
  sqlInbox,
  type SqlInbox,
} from "@anytopic/sql";
import { createPool } from "mysql2/promise";
import { Pool } from "pg";

/** A database as the worker uses it, in the way of an application. */
export interface CrashDatabase {
  readonly inbox: SqlInbox<never>;
  readonly autocommit: SqlExecutor;
  /** The library's own transaction, which is committed when `work` resolves. */
  transaction(work: (tx: never) => Promise<void>): Promise<void>;
  /** An executor in such a transaction. */
  executor(tx: never): SqlExecutor;
  close(): Promise<void>;
}

export interface DatabaseTask {
  readonly dialect: "postgres" | "mysql";
  readonly url: string;
  readonly tablePrefix: string;
}

export function crashDatabase({ dialect, url, tablePrefix }: DatabaseTask): CrashDatabase {
  return dialect === "postgres" ? postgres(url, tablePrefix) : mysql(url, tablePrefix);
}

function postgres(url: string, tablePrefix: string): CrashDatabase {
  const pool = new Pool({ connectionString: url });
  const autocommit = autocommitPg(pool);
  return {
    inbox: sqlInbox(autocommit, { dialect: "postgres", tablePrefix, executor: fromPg }),
    autocommit,
    executor: fromPg,
    async transaction(work) {
      const client = await pool.connect();
      let failure: Error | undefined;
      try {
        await client.query("BEGIN");
        await work(client as never);
        await client.query("COMMIT");
      } catch (error) {
        failure = error as Error;
        await client.query("ROLLBACK").catch(() => {});
        throw error;
      } finally {
        client.release(failure);
      }
    },
    close: async () => await pool.end(),
  };
}

function mysql(url: string, tablePrefix: string): CrashDatabase {
  const pool = createPool(url);
  const autocommit = autocommitMysql2(pool);
  return {
    inbox: sqlInbox(autocommit, { dialect: "mysql", tablePrefix, executor: fromMysql2 }),
    autocommit,
    executor: fromMysql2,
    async transaction(work) {
      const connection = await pool.getConnection();
      try {
        await connection.beginTransaction();
        await work(connection as never);
        await connection.commit();
      } catch (error) {
        await connection.rollback().catch(() => {});
        throw error;
      } finally {
        connection.release();
      }
    },
    close: async () => await pool.end(),
  };
}
