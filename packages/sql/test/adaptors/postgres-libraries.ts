import { postgresUrl } from "@anytopic/brokers";
import { execFileSync } from "node:child_process";
import { MikroORM } from "@mikro-orm/postgresql";
import { PrismaPg } from "@prisma/adapter-pg";
import {
  autocommitDrizzle,
  autocommitKnex,
  autocommitKysely,
  autocommitMikroOrm,
  autocommitPg,
  autocommitPostgres,
  autocommitPrisma,
  autocommitSequelize,
  autocommitTypeOrm,
  fromDrizzle,
  fromKnex,
  fromKysely,
  fromMikroOrm,
  fromPg,
  fromPostgres,
  fromPrisma,
  fromSequelize,
  fromTypeOrm,
} from "@anytopic/sql";
import { sql as drizzleSql } from "drizzle-orm";
import { drizzle as drizzlePg } from "drizzle-orm/node-postgres";
import { drizzle as drizzlePostgres } from "drizzle-orm/postgres-js";
import createKnex from "knex";
import { CamelCasePlugin, Kysely, PostgresDialect, sql as kyselySql } from "kysely";
import { Client, Pool } from "pg";
import postgres from "postgres";
import { Sequelize } from "sequelize";
import { DataSource } from "typeorm";
import type { OpenLibrary } from "./library.ts";

const quiet = { max: 4, onnotice: () => {} };

/** The part of a generated client that the tests use; it is generated when they run. */
interface PrismaClient {
  $connect(): Promise<void>;
  $disconnect(): Promise<void>;
  $queryRawUnsafe(sql: string, ...params: unknown[]): Promise<unknown>;
  $transaction(work: (tx: Pick<PrismaClient, "$queryRawUnsafe">) => Promise<void>): Promise<void>;
}

/** Without a network: this generator needs no engine, but the command asks for the path of one. */
async function generatedPrisma(): Promise<new (options: { adapter: PrismaPg }) => PrismaClient> {
  const schema = `${import.meta.dirname}/../prisma/schema.prisma`;
  execFileSync("prisma", ["generate", "--schema", schema], {
    env: { ...process.env, NODE_OPTIONS: "", PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: "1" },
    stdio: "pipe",
  });
  const generated = "../.generated/prisma/client.ts";
  return ((await import(generated)) as { PrismaClient: new (options: { adapter: PrismaPg }) => PrismaClient })
    .PrismaClient;
}

export const postgresLibraries: Readonly<Record<string, OpenLibrary>> = {
  async pg() {
    const pool = new Pool({ connectionString: postgresUrl });
    const idle = await pool.connect();
    await idle.query("SELECT 1");
    return {
      name: "pg",
      dialect: "postgres",
      autocommit: autocommitPg(pool),
      async transaction(work) {
        const client = await pool.connect();
        try {
          await client.query("BEGIN");
          await work(fromPg(client));
          await client.query("COMMIT");
        } catch (error) {
          await client.query("ROLLBACK");
          throw error;
        } finally {
          client.release();
        }
      },
      refused: {
        "a Pool": () => fromPg(pool as never),
        "a client without BEGIN": () => fromPg(idle),
        "a client that is not connected": () => fromPg(new Client({ connectionString: postgresUrl })),
      },
      async close() {
        idle.release();
        await pool.end();
      },
    };
  },

  async postgres() {
    const sql = postgres(postgresUrl, quiet);
    const reserved = await sql.reserve();
    return {
      name: "postgres",
      dialect: "postgres",
      autocommit: autocommitPostgres(sql),
      async transaction(work) {
        await sql.begin(async (tx) => await work(fromPostgres(tx)));
      },
      refused: {
        "the sql of the pool": () => fromPostgres(sql as never),
        "a reserved connection": () => fromPostgres(reserved as never),
      },
      async close() {
        reserved.release();
        await sql.end();
      },
    };
  },

  async kysely() {
    const pool = new Pool({ connectionString: postgresUrl });
    const db = new Kysely<Record<string, never>>({
      dialect: new PostgresDialect({ pool }),
      plugins: [new CamelCasePlugin()],
    });
    return {
      name: "kysely",
      dialect: "postgres",
      autocommit: autocommitKysely(kyselySql)(db),
      transaction: async (work) => await db.transaction().execute(async (tx) => await work(fromKysely(kyselySql)(tx))),
      refused: { "a Kysely": () => fromKysely(kyselySql)(db as never) },
      close: async () => await db.destroy(),
    };
  },

  async "drizzle on pg"() {
    const pool = new Pool({ connectionString: postgresUrl });
    const db = drizzlePg(pool);
    return {
      name: "drizzle on pg",
      dialect: "postgres",
      autocommit: autocommitDrizzle(drizzleSql)(db),
      transaction: async (work) => await db.transaction(async (tx) => await work(fromDrizzle(drizzleSql)(tx))),
      refused: { "a database": () => fromDrizzle(drizzleSql)(db as never) },
      close: async () => await pool.end(),
    };
  },

  async "drizzle on postgres.js"() {
    const client = postgres(postgresUrl, quiet);
    const db = drizzlePostgres(client);
    return {
      name: "drizzle on postgres.js",
      dialect: "postgres",
      autocommit: autocommitDrizzle(drizzleSql)(db),
      transaction: async (work) => await db.transaction(async (tx) => await work(fromDrizzle(drizzleSql)(tx))),
      refused: { "a database": () => fromDrizzle(drizzleSql)(db as never) },
      close: async () => await client.end(),
    };
  },

  async knex() {
    const knex = createKnex({ client: "pg", connection: postgresUrl });
    const ended = await knex.transaction();
    await ended.rollback();
    return {
      name: "knex",
      dialect: "postgres",
      autocommit: autocommitKnex(knex),
      transaction: async (work) => await knex.transaction(async (tx) => await work(fromKnex(tx))),
      refused: { "a Knex": () => fromKnex(knex as never), "a transaction that has ended": () => fromKnex(ended) },
      close: async () => await knex.destroy(),
    };
  },

  async typeorm() {
    const dataSource = await new DataSource({ type: "postgres", url: postgresUrl }).initialize();
    return {
      name: "typeorm",
      dialect: "postgres",
      autocommit: autocommitTypeOrm(dataSource),
      transaction: async (work) => await dataSource.transaction(async (manager) => await work(fromTypeOrm(manager))),
      refused: {
        "the manager of the DataSource": () => fromTypeOrm(dataSource.manager),
        "a QueryRunner without a transaction": () => fromTypeOrm(dataSource.createQueryRunner().manager),
      },
      close: async () => await dataSource.destroy(),
    };
  },

  async "mikro-orm"() {
    const orm = await MikroORM.init({ clientUrl: postgresUrl, entities: [], discovery: { warnWhenNoEntities: false } });
    return {
      name: "mikro-orm",
      dialect: "postgres",
      autocommit: autocommitMikroOrm(orm.em.fork()),
      transaction: async (work) => await orm.em.fork().transactional(async (em) => await work(fromMikroOrm(em))),
      refused: { "an EntityManager": () => fromMikroOrm(orm.em.fork()) },
      close: async () => await orm.close(),
    };
  },

  async prisma() {
    const PrismaClient = await generatedPrisma();
    const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: postgresUrl }) });
    return {
      name: "prisma",
      dialect: "postgres",
      autocommit: autocommitPrisma(prisma),
      transaction: async (work) => await prisma.$transaction(async (tx) => await work(fromPrisma(tx))),
      refused: { "a PrismaClient": () => fromPrisma(prisma as never) },
      close: async () => await prisma.$disconnect(),
    };
  },

  async sequelize() {
    const sequelize = new Sequelize(postgresUrl, { logging: false });
    const ended = await sequelize.transaction();
    await ended.rollback();
    return {
      name: "sequelize",
      dialect: "postgres",
      autocommit: autocommitSequelize(sequelize),
      transaction: async (work) => await sequelize.transaction(async (tx) => await work(fromSequelize(tx))),
      refused: {
        "a Sequelize": () => fromSequelize(sequelize as never),
        "a transaction that has ended": () => fromSequelize(ended),
      },
      close: async () => await sequelize.close(),
    };
  },
};
