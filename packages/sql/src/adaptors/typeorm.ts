import type { SqlExecutor, SqlRow, SqlValue } from "../executor.ts";
import { boundForMysql, boundForSqlite, noTransaction, withQuestionMarks } from "./bound.ts";

interface TypeOrmQueryRunner {
  readonly isTransactionActive: boolean;
  query(sql: string, params: unknown[], useStructuredResult: true): Promise<{ readonly records?: readonly unknown[] }>;
}

interface TypeOrmOptions {
  readonly options: { readonly type: string };
}

/** The `EntityManager` that `dataSource.transaction` of TypeORM gives its callback, or that of a `QueryRunner` with a transaction. */
export interface TypeOrmTransaction {
  readonly dataSource: TypeOrmOptions;
  readonly queryRunner?: TypeOrmQueryRunner;
}

/** A `DataSource` of TypeORM. */
export interface TypeOrmDataSource extends TypeOrmOptions {
  createQueryRunner(): TypeOrmQueryRunner & { release(): Promise<void> };
}

/** @throws TypeError for an `EntityManager` without an open transaction */
export function fromTypeOrm(manager: TypeOrmTransaction): SqlExecutor {
  const { queryRunner } = manager;
  if (queryRunner?.isTransactionActive === true) return executorOf(queryRunner, manager.dataSource.options.type);
  throw noTransaction("fromTypeOrm: this EntityManager", "pass the one that dataSource.transaction gives");
}

/** Each statement by itself, on a connection of the pool. */
export function autocommitTypeOrm(dataSource: TypeOrmDataSource): SqlExecutor {
  return {
    async query(sql: string, params: readonly SqlValue[]) {
      const runner = dataSource.createQueryRunner();
      try {
        return await executorOf(runner, dataSource.options.type).query(sql, params);
      } finally {
        await runner.release();
      }
    },
  };
}

function executorOf(runner: TypeOrmQueryRunner, type: string): SqlExecutor {
  const isPostgres = /postgres|cockroach/.test(type);
  const bound = /mysql|mariadb/.test(type) ? boundForMysql : boundForSqlite;
  return {
    async query(sql: string, params: readonly SqlValue[]) {
      const { records } = isPostgres
        ? await runner.query(sql, [...params], true)
        : await runner.query(withQuestionMarks(sql), bound(params), true);
      return (records ?? []) as readonly SqlRow[];
    },
  };
}
