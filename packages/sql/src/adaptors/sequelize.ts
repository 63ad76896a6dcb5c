import type { SqlExecutor, SqlRow, SqlValue } from "../executor.ts";
import { boundForMysql, boundForSqlite, noTransaction } from "./bound.ts";

/** A `Sequelize`. */
export interface SequelizeDatabase {
  query(sql: string, options: never): Promise<unknown>;
  getDialect(): string;
}

/** What `sequelize.transaction` of Sequelize 6 gives its callback or resolves with. */
export interface SequelizeTransaction {
  commit(): Promise<void>;
}

interface Inside extends SequelizeTransaction {
  readonly sequelize: SequelizeDatabase;
  /** Present when it has ended. */
  readonly finished?: string;
}

/** @throws TypeError for a `Sequelize`, and for a transaction that has ended */
export function fromSequelize(tx: SequelizeTransaction): SqlExecutor {
  // Not in the types of Sequelize.
  const { sequelize, finished } = tx as Inside;
  if (sequelize !== undefined && typeof tx.commit === "function" && finished === undefined)
    return executorOf(sequelize, tx);
  throw noTransaction("fromSequelize: this", "pass the transaction that sequelize.transaction gives");
}

/** Each statement by itself. */
export function autocommitSequelize(sequelize: SequelizeDatabase): SqlExecutor {
  // Null: not the transaction that Sequelize finds by itself when it uses `useCLS`.
  return executorOf(sequelize, null);
}

function executorOf(sequelize: SequelizeDatabase, transaction: SequelizeTransaction | null): SqlExecutor {
  const dialect = sequelize.getDialect();
  return {
    async query(sql: string, params: readonly SqlValue[]) {
      const result = await sequelize.query(sql, { bind: bound(dialect, params), transaction, logging: false } as never);
      const [rows] = result as readonly unknown[];
      return Array.isArray(rows) ? (rows as readonly SqlRow[]) : [];
    },
  };
}

function bound(dialect: string, params: readonly SqlValue[]): unknown[] {
  if (dialect === "postgres") return [...params];
  return dialect === "sqlite" ? boundForSqlite(params) : boundForMysql(params);
}
