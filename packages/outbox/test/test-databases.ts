import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { databaseServerOrSkip, mysqlUrl, postgresUrl } from "@anytopic/brokers";
import {
  type Adaptor,
  applyMigrations,
  autocommitMysql2,
  autocommitPg,
  type Dialect,
  fromMysql2,
  fromNodeSqlite,
  fromPg,
  fromPostgres,
  mysql2Pool,
  nodeSqlitePool,
  pgPool,
  type SqlPool,
  type SqlRow,
  type SqlValue,
  tableNames,
  type TableNames,
} from "@anytopic/sql";
import { createPool } from "mysql2/promise";
import { Pool } from "pg";
import postgres from "postgres";

/** A database with the tables of the outbox and nothing else, and one library for it. */
export interface TestDatabase {
  readonly dialect: Dialect;
  /** The options that name its place. */
  readonly place: { readonly schema?: string };
  readonly table: TableNames;
  /** The adaptor of the library. Its transactions are what `transaction` gives. */
  readonly executor: Adaptor<object>;
  /** What the library would be wrongly given: its pool, or its connection without a transaction. */
  readonly noTransaction: object;
  /** Runs `work` in a transaction of its own connection. Rolls back when it rejects. */
  transaction<Result>(work: (tx: object) => Promise<Result>): Promise<Result>;
  /** One statement outside of every transaction. */
  query(sql: string, params?: readonly SqlValue[]): Promise<readonly SqlRow[]>;
  /** A pool of its own, for what is not the application. */
  openPool(): Promise<{ readonly pool: SqlPool; readonly close: () => Promise<void> }>;
  close(): Promise<void>;
}

export interface DatabaseKind {
  readonly name: string;
  readonly dialect: Dialect;
  /** `undefined` when it needs none. */
  readonly url: string | undefined;
  readonly open: () => Promise<TestDatabase>;
}

const uniqueName = (): string => `outbox_${randomBytes(6).toString("hex")}`;

/** The database is gone after `close`. */
async function postgresDatabase(library: "pg" | "postgres"): Promise<TestDatabase> {
  const schema = uniqueName();
  const pool = new Pool({ connectionString: postgresUrl, max: 40 });
  const sql = postgres(postgresUrl, { max: 40, onnotice() {} });
  const withPg = async <Result>(work: (tx: object) => Promise<Result>): Promise<Result> => {
    const client = await pool.connect();
    try {
      await client.query("BEGIN");
      const result = await work(client);
      await client.query("COMMIT");
      return result;
    } catch (error) {
      await client.query("ROLLBACK");
      throw error;
    } finally {
      client.release();
    }
  };
  await pool.query(`CREATE SCHEMA ${schema}`);
  await withPg((tx) => applyMigrations(fromPg(tx as never), { dialect: "postgres", schema }));
  const withPostgres = async <Result>(work: (tx: object) => Promise<Result>): Promise<Result> =>
    (await sql.begin(async (tx) => [await work(tx)]))[0] as Result;
  return {
    dialect: "postgres",
    place: { schema },
    table: tableNames("postgres", { schema }),
    executor: (library === "pg" ? fromPg : fromPostgres) as Adaptor<object>,
    noTransaction: library === "pg" ? pool : sql,
    transaction: library === "pg" ? withPg : withPostgres,
    query: async (text, params = []) => await autocommitPg(pool).query(text, params),
    openPool: async () => await Promise.resolve({ pool: pgPool(pool), close: async () => {} }),
    async close() {
      await pool.query(`DROP SCHEMA ${schema} CASCADE`);
      await Promise.all([pool.end(), sql.end()]);
    },
  };
}

async function mysqlDatabase(): Promise<TestDatabase> {
  const schema = uniqueName();
  const admin = createPool({ uri: mysqlUrl, connectionLimit: 2 });
  await admin.query(`CREATE DATABASE ${schema}`);
  const pool = createPool({ uri: mysqlUrl, connectionLimit: 40, database: schema });
  const transaction = async <Result>(work: (tx: object) => Promise<Result>): Promise<Result> => {
    const connection = await pool.getConnection();
    try {
      await connection.beginTransaction();
      const result = await work(connection);
      await connection.commit();
      return result;
    } catch (error) {
      await connection.rollback();
      throw error;
    } finally {
      connection.release();
    }
  };
  await transaction((tx) => applyMigrations(fromMysql2(tx as never), { dialect: "mysql", schema }));
  return {
    dialect: "mysql",
    place: { schema },
    table: tableNames("mysql", { schema }),
    executor: fromMysql2 as Adaptor<object>,
    noTransaction: pool,
    transaction,
    query: async (text, params = []) => await autocommitMysql2(pool).query(text, params),
    openPool: async () => await Promise.resolve({ pool: mysql2Pool(pool), close: async () => {} }),
    async close() {
      await admin.query(`DROP DATABASE ${schema}`);
      await Promise.all([admin.end(), pool.end()]);
    },
  };
}

async function sqliteDatabase(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), "anytopic-outbox-"));
  const open = (): DatabaseSync => {
    const database = new DatabaseSync(join(folder, "test.sqlite"), { timeout: 5000 });
    database.exec("PRAGMA journal_mode = WAL");
    return database;
  };
  const reader = open();
  const transaction = async <Result>(work: (tx: object) => Promise<Result>): Promise<Result> => {
    const database = open();
    try {
      database.exec("BEGIN IMMEDIATE");
      const result = await work(database);
      database.exec("COMMIT");
      return result;
    } finally {
      // Rolls back what is open.
      database.close();
    }
  };
  await transaction((tx) => applyMigrations(fromNodeSqlite(tx as DatabaseSync), { dialect: "sqlite" }));
  return {
    dialect: "sqlite",
    place: {},
    table: tableNames("sqlite"),
    executor: fromNodeSqlite as never,
    noTransaction: reader,
    transaction,
    query: async (text, params = []) => reader.prepare(text.replaceAll(/\$\d+/g, "?")).all(...(params as never[])),
    async openPool() {
      const own = open();
      return await Promise.resolve({ pool: nodeSqlitePool(own), close: async () => own.close() });
    },
    async close() {
      reader.close();
      await rm(folder, { recursive: true });
    },
  };
}

export const DATABASES: readonly DatabaseKind[] = [
  { name: "PostgreSQL with pg", dialect: "postgres", url: postgresUrl, open: () => postgresDatabase("pg") },
  {
    name: "PostgreSQL with postgres.js",
    dialect: "postgres",
    url: postgresUrl,
    open: () => postgresDatabase("postgres"),
  },
  { name: "MariaDB with mysql2", dialect: "mysql", url: mysqlUrl, open: mysqlDatabase },
  { name: "SQLite with node:sqlite", dialect: "sqlite", url: undefined, open: sqliteDatabase },
];

/** Those whose server is there. In CI all must be; elsewhere the absence of one is said on standard error. */
export async function availableDatabases(): Promise<readonly DatabaseKind[]> {
  const urls = new Set(DATABASES.flatMap(({ url }) => url ?? []));
  const there = new Map(
    await Promise.all([...urls].map(async (url) => [url, await databaseServerOrSkip(url)] as const)),
  );
  return DATABASES.filter(({ url }) => url === undefined || there.get(url) === true);
}
