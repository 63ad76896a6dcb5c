import { mysqlUrl, postgresUrl } from "@anytopic/brokers";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { applyMigrations, mysql2Pool, nodeSqlitePool, pgPool, postgresPool, type SqlPool } from "@anytopic/sql";
import { createPool } from "mysql2/promise";
import { Pool } from "pg";
import postgres from "postgres";

/** A database with our tables and nothing else. `open` gives another client of it, as another process has it. */
export interface ScheduleDatabase {
  /** The option that names its place. */
  readonly place: { readonly schema?: string };
  open(): SqlPool;
  close(): Promise<void>;
}

export interface DatabaseKind {
  readonly name: string;
  /** `undefined` when it needs no server. */
  readonly url: string | undefined;
  readonly create: () => Promise<ScheduleDatabase>;
}

const MOST_CONNECTIONS = 20;
const uniqueName = (): string => `schedule_${randomBytes(6).toString("hex")}`;

async function migrated(pool: SqlPool, place: { readonly schema?: string }): Promise<void> {
  await pool.transaction(async (tx) => await applyMigrations(tx, { dialect: pool.dialect, ...place }));
}

async function postgresDatabase(library: "pg" | "postgres"): Promise<ScheduleDatabase> {
  const schema = uniqueName();
  const admin = new Pool({ connectionString: postgresUrl, max: 2 });
  await admin.query(`CREATE SCHEMA ${schema}`);
  const closing: (() => Promise<unknown>)[] = [];
  const open = (): SqlPool => {
    if (library === "pg") {
      const pool = new Pool({ connectionString: postgresUrl, max: MOST_CONNECTIONS });
      closing.push(() => pool.end());
      return pgPool(pool);
    }
    const sql = postgres(postgresUrl, { max: MOST_CONNECTIONS, onnotice() {} });
    closing.push(() => sql.end());
    return postgresPool(sql);
  };
  await migrated(open(), { schema });
  return {
    place: { schema },
    open,
    async close() {
      await Promise.all(closing.map((end) => end()));
      await admin.query(`DROP SCHEMA ${schema} CASCADE`);
      await admin.end();
    },
  };
}

async function mysqlDatabase(): Promise<ScheduleDatabase> {
  const schema = uniqueName();
  const admin = createPool({ uri: mysqlUrl, connectionLimit: 2 });
  await admin.query(`CREATE DATABASE ${schema}`);
  const closing: (() => Promise<unknown>)[] = [];
  const open = (): SqlPool => {
    const pool = createPool({ uri: mysqlUrl, connectionLimit: MOST_CONNECTIONS, database: schema });
    closing.push(() => pool.end());
    return mysql2Pool(pool);
  };
  await migrated(open(), { schema });
  return {
    place: { schema },
    open,
    async close() {
      await Promise.all(closing.map((end) => end()));
      await admin.query(`DROP DATABASE ${schema}`);
      await admin.end();
    },
  };
}

async function sqliteDatabase(): Promise<ScheduleDatabase> {
  const folder = await mkdtemp(join(tmpdir(), "anytopic-schedule-"));
  const opened: DatabaseSync[] = [];
  const open = (): SqlPool => {
    const database = new DatabaseSync(join(folder, "messages.db"), { timeout: 5000 });
    opened.push(database);
    return nodeSqlitePool(database);
  };
  await migrated(open(), {});
  return {
    place: {},
    open,
    async close() {
      for (const database of opened) database.close();
      await rm(folder, { recursive: true });
    },
  };
}

export const kinds: readonly DatabaseKind[] = [
  { name: "PostgreSQL, pg", url: postgresUrl, create: () => postgresDatabase("pg") },
  { name: "PostgreSQL, postgres.js", url: postgresUrl, create: () => postgresDatabase("postgres") },
  { name: "MariaDB, mysql2", url: mysqlUrl, create: mysqlDatabase },
  { name: "SQLite, node:sqlite", url: undefined, create: sqliteDatabase },
];
