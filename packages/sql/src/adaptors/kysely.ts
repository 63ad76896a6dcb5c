import type { Adaptor, SqlExecutor, SqlValue } from "../executor.ts";
import { boundForMysql, noTransaction } from "./bound.ts";

interface KyselyCompiled {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** The tag `sql` that Kysely exports. */
export type KyselySql = (
  parts: TemplateStringsArray,
  ...values: unknown[]
) => { compile(database: never): KyselyCompiled };

/** A `Kysely` of any database, or a transaction of it. */
export interface KyselyDatabase {
  readonly isTransaction: boolean;
  withoutPlugins(): { executeQuery(compiled: never): Promise<{ readonly rows: readonly unknown[] }> };
}

/** What `db.transaction().execute` and `db.startTransaction().execute()` of Kysely give. */
export interface KyselyTransaction extends KyselyDatabase {
  readonly isTransaction: true;
}

/**
 * `fromKysely(sql)`, with the `sql` of Kysely, which knows the placeholders of the dialect.
 * @throws TypeError for a `Kysely` that is no transaction
 */
export function fromKysely(sql: KyselySql): Adaptor<KyselyTransaction> {
  const each = autocommitKysely(sql);
  return (tx) => {
    if (!tx.isTransaction)
      throw noTransaction("fromKysely: this Kysely", "pass the transaction that db.transaction().execute gives");
    return each(tx);
  };
}

/** `autocommitKysely(sql)(db)`: each statement by itself. */
export function autocommitKysely(sql: KyselySql): (database: KyselyDatabase) => SqlExecutor {
  return (given) => {
    // A plugin could rename the columns of our rows.
    const database = given.withoutPlugins();
    return {
      async query(text: string, params: readonly SqlValue[]) {
        const parts = text.split(/\$\d+/);
        const compiled = sql(Object.assign(parts, { raw: parts }), ...params).compile(database as never);
        const isPostgres = compiled.sql === text;
        const parameters = isPostgres ? compiled.parameters : boundForMysql(params);
        const { rows } = await database.executeQuery({ ...compiled, parameters } as never);
        return rows as Awaited<ReturnType<SqlExecutor["query"]>>;
      },
    };
  };
}
