import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { databaseServerOrSkip, mysqlUrl, postgresUrl } from "@anytopic/brokers";
import {
  applyMigrations,
  type Dialect,
  mysql2Pool,
  nodeSqlitePool,
  pgPool,
  postgresPool,
  type SqlPool,
  type TableOptions,
} from "@anytopic/sql";
import { createPool } from "mysql2/promise";
import { Pool } from "pg";
import postgres from "postgres";

/** A database with the tables of an outbox that no other test uses. */
export interface TestDatabase {
  readonly dialect: Dialect;
  /** Where the tables are, for `createOutbox`. */
  readonly tables: TableOptions;
  readonly pool: SqlPool;
  /** A URL that other processes can open. */
  readonly url: string;
  /** Removes it. */
  close(): Promise<void>;
}

export type DatabaseKind = "pg" | "postgres.js" | "mysql2" | "node:sqlite";

export async function openDatabase(kind: DatabaseKind, url?: string): Promise<TestDatabase> {
  const name = `outbox_${randomUUID().replaceAll("-", "").slice(0, 16)}`;
  switch (kind) {
    case "pg":
      return await onPg(name, url ?? postgresUrl);
    case "postgres.js":
      return await onPostgresJs(name, url ?? postgresUrl);
    case "mysql2":
      return await onMysql(name, url ?? mysqlUrl);
    case "node:sqlite":
      return await onSqlite();
  }
}

async function onPg(schema: string, url: string): Promise<TestDatabase> {
  const pool = new Pool({ connectionString: url, max: 20 });
  // The tests restart servers.
  pool.on("error", () => {});
  await pool.query(`CREATE SCHEMA ${schema}`);
  const database = { dialect: "postgres", tables: { schema }, pool: pgPool(pool), url } as const;
  await migrate(database);
  return {
    ...database,
    async close() {
      await pool.query(`DROP SCHEMA ${schema} CASCADE`);
      await pool.end();
    },
  };
}

async function onPostgresJs(schema: string, url: string): Promise<TestDatabase> {
  const sql = postgres(url, { max: 10, onnotice: () => {} });
  await sql.unsafe(`CREATE SCHEMA ${schema}`);
  const database = { dialect: "postgres", tables: { schema }, pool: postgresPool(sql), url } as const;
  await migrate(database);
  return {
    ...database,
    async close() {
      await sql.unsafe(`DROP SCHEMA ${schema} CASCADE`);
      await sql.end();
    },
  };
}

async function onMysql(schema: string, url: string): Promise<TestDatabase> {
  const pool = createPool({ uri: url, connectionLimit: 20 });
  await pool.query(`CREATE DATABASE ${schema}`);
  const database = { dialect: "mysql", tables: { schema }, pool: mysql2Pool(pool), url } as const;
  await migrate(database);
  return {
    ...database,
    async close() {
      await pool.query(`DROP DATABASE ${schema}`);
      await pool.end();
    },
  };
}

async function onSqlite(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), "anytopic-outbox-"));
  const url = join(folder, "outbox.db");
  const opened = new DatabaseSync(url, { timeout: 10_000 });
  opened.exec("PRAGMA journal_mode = WAL");
  const database = { dialect: "sqlite", tables: {}, pool: nodeSqlitePool(opened), url } as const;
  await migrate(database);
  return {
    ...database,
    async close() {
      opened.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function migrate({ dialect, tables, pool }: Pick<TestDatabase, "dialect" | "tables" | "pool">): Promise<void> {
  await pool.transaction(async (tx) => await applyMigrations(tx, { dialect, ...tables }));
}

/** Whether there is a server. In CI it must be there. */
export async function isThere(kind: DatabaseKind): Promise<boolean> {
  return kind === "node:sqlite" || (await databaseServerOrSkip(kind === "mysql2" ? mysqlUrl : postgresUrl));
}
