import { mysqlUrl } from "@anytopic/brokers";
import {
  autocommitDrizzle,
  autocommitKnex,
  autocommitKysely,
  autocommitMysql2,
  autocommitSequelize,
  autocommitTypeOrm,
  fromDrizzle,
  fromKnex,
  fromKysely,
  fromMysql2,
  fromSequelize,
  fromTypeOrm,
} from "@anytopic/sql";
import { sql as drizzleSql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/mysql2";
import createKnex from "knex";
import { Kysely, MysqlDialect, sql as kyselySql } from "kysely";
import { createPool as createCallbackPool } from "mysql2";
import { createPool } from "mysql2/promise";
import { Sequelize } from "sequelize";
import { DataSource } from "typeorm";
import type { OpenLibrary } from "./library.ts";

/** What mysql2 gives for an integer beyond 2^53 is a setting of the application's pool. */
const exactUrl = `${mysqlUrl}?supportBigNumbers=true`;

export const mysqlLibraries: Readonly<Record<string, OpenLibrary>> = {
  async mysql2() {
    const pool = createPool(mysqlUrl);
    const callbacks = createCallbackPool(mysqlUrl);
    return {
      name: "mysql2",
      dialect: "mysql",
      autocommit: autocommitMysql2(pool),
      async transaction(work) {
        const connection = await pool.getConnection();
        try {
          await connection.beginTransaction();
          await work(fromMysql2(connection));
          await connection.commit();
        } catch (error) {
          await connection.rollback();
          throw error;
        } finally {
          connection.release();
        }
      },
      refused: {
        "a pool": () => fromMysql2(pool as never),
        "a pool of the callback form": () => fromMysql2(callbacks as never),
      },
      async close() {
        callbacks.end();
        await pool.end();
      },
    };
  },

  async kysely() {
    const db = new Kysely<Record<string, never>>({ dialect: new MysqlDialect({ pool: createCallbackPool(exactUrl) }) });
    return {
      name: "kysely",
      dialect: "mysql",
      autocommit: autocommitKysely(kyselySql)(db),
      transaction: async (work) => await db.transaction().execute(async (tx) => await work(fromKysely(kyselySql)(tx))),
      refused: { "a Kysely": () => fromKysely(kyselySql)(db as never) },
      close: async () => await db.destroy(),
    };
  },

  async drizzle() {
    const pool = createPool(exactUrl);
    const db = drizzle(pool);
    return {
      name: "drizzle",
      dialect: "mysql",
      autocommit: autocommitDrizzle(drizzleSql)(db),
      transaction: async (work) => await db.transaction(async (tx) => await work(fromDrizzle(drizzleSql)(tx))),
      refused: { "a database": () => fromDrizzle(drizzleSql)(db as never) },
      close: async () => await pool.end(),
    };
  },

  async knex() {
    const knex = createKnex({ client: "mysql2", connection: exactUrl });
    return {
      name: "knex",
      dialect: "mysql",
      autocommit: autocommitKnex(knex),
      transaction: async (work) => await knex.transaction(async (tx) => await work(fromKnex(tx))),
      refused: { "a Knex": () => fromKnex(knex as never) },
      close: async () => await knex.destroy(),
    };
  },

  async typeorm() {
    const dataSource = await new DataSource({ type: "mysql", url: mysqlUrl }).initialize();
    return {
      name: "typeorm",
      dialect: "mysql",
      autocommit: autocommitTypeOrm(dataSource),
      transaction: async (work) => await dataSource.transaction(async (manager) => await work(fromTypeOrm(manager))),
      refused: { "the manager of the DataSource": () => fromTypeOrm(dataSource.manager) },
      close: async () => await dataSource.destroy(),
    };
  },

  async sequelize() {
    const sequelize = new Sequelize(mysqlUrl, { logging: false });
    return {
      name: "sequelize",
      dialect: "mysql",
      autocommit: autocommitSequelize(sequelize),
      transaction: async (work) => await sequelize.transaction(async (tx) => await work(fromSequelize(tx))),
      refused: { "a Sequelize": () => fromSequelize(sequelize as never) },
      close: async () => await sequelize.close(),
    };
  },
};
