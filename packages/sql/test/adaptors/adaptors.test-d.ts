import { defineSubscription, defineTopic } from "@anytopic/core";
import {
  type Adaptor,
  fromDrizzle,
  fromKnex,
  fromKysely,
  fromMikroOrm,
  fromMysql2,
  fromNodeSqlite,
  fromPg,
  fromPostgres,
  fromPrisma,
  fromSequelize,
  fromTypeOrm,
  type SqlExecutor,
  sqlInbox,
  type SyncAdaptor,
  type Work,
} from "@anytopic/sql";
import type { EntityManager as MikroOrmEntityManager } from "@mikro-orm/postgresql";
import { sql as drizzleSql } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import type { Knex } from "knex";
import { type Kysely, sql as kyselySql, type Transaction as KyselyTransaction } from "kysely";
import type { Pool as MysqlPool, PoolConnection } from "mysql2/promise";
import type { DatabaseSync } from "node:sqlite";
import type { ClientBase, Pool, PoolClient } from "pg";
import type { Sql, TransactionSql } from "postgres";
import type { Transaction as SequelizeTransaction } from "sequelize";
import type { EntityManager } from "typeorm";
import { expectTypeOf, test } from "vitest";

type Schema = { readonly placed: { readonly id: string } };
type DrizzleTransaction = Parameters<Parameters<NodePgDatabase["transaction"]>[0]>[0];
type DrizzlePostgresTransaction = Parameters<Parameters<PostgresJsDatabase["transaction"]>[0]>[0];

test("adaptors take the transactions of their libraries", () => {
  expectTypeOf(fromPg).toExtend<Adaptor<PoolClient>>();
  expectTypeOf(fromPg).toExtend<Adaptor<ClientBase>>();
  expectTypeOf(fromPostgres).toExtend<Adaptor<TransactionSql>>();
  expectTypeOf(fromKysely(kyselySql)).toExtend<Adaptor<KyselyTransaction<Schema>>>();
  expectTypeOf(fromDrizzle(drizzleSql)).toExtend<Adaptor<DrizzleTransaction>>();
  expectTypeOf(fromDrizzle(drizzleSql)).toExtend<Adaptor<DrizzlePostgresTransaction>>();
  expectTypeOf(fromKnex).toExtend<Adaptor<Knex.Transaction>>();
  expectTypeOf(fromTypeOrm).toExtend<Adaptor<EntityManager>>();
  expectTypeOf(fromMikroOrm).toExtend<Adaptor<MikroOrmEntityManager>>();
  expectTypeOf(fromSequelize).toExtend<Adaptor<SequelizeTransaction>>();
  expectTypeOf(fromMysql2).toExtend<Adaptor<PoolConnection>>();
  expectTypeOf(fromNodeSqlite).toExtend<SyncAdaptor<DatabaseSync>>();
});

test("and not what is no transaction by its type", () => {
  expectTypeOf(fromPg).not.toExtend<Adaptor<Pool>>();
  expectTypeOf(fromPostgres).not.toExtend<Adaptor<Sql>>();
  expectTypeOf(fromKysely(kyselySql)).not.toExtend<Adaptor<Kysely<Schema>>>();
  expectTypeOf(fromDrizzle(drizzleSql)).not.toExtend<Adaptor<NodePgDatabase>>();
  expectTypeOf(fromKnex).not.toExtend<Adaptor<Knex>>();
  expectTypeOf(fromMysql2).not.toExtend<Adaptor<MysqlPool>>();
  expectTypeOf(fromPrisma).parameter(0).not.toExtend<{ readonly $connect: () => Promise<void> }>();
});

test("a handler in a transaction gets the application's own type of it", () => {
  const Bill = defineSubscription(defineTopic<{ readonly amount: number }>("charges"), "bill");
  const inbox = sqlInbox({} as SqlExecutor, { dialect: "postgres", executor: fromDrizzle(drizzleSql) });
  const db = {} as NodePgDatabase;
  inbox.inTransaction(
    Bill,
    async (work: Work<DrizzleTransaction>) => await db.transaction(work),
    async (event, { tx }) => {
      expectTypeOf(event).toEqualTypeOf<{ readonly amount: number }>();
      expectTypeOf(tx).toEqualTypeOf<DrizzleTransaction>();
      await tx.execute("SELECT 1");
    },
  );
  const ofPg = async (work: Work<PoolClient>): Promise<void> => await work({} as PoolClient);
  // @ts-expect-error -- this inbox takes transactions of Drizzle
  inbox.inTransaction(Bill, ofPg, async () => {});
});
