import { databaseServerOrSkip, mysqlUrl, postgresUrl } from "@anytopic/brokers";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { type MigrationOptions, mysql2Pool, nodeSqlitePool, pgPool, type SqlPool } from "@anytopic/sql";
import { createPool } from "mysql2/promise";
import { Pool } from "pg";

/** What another process needs to reach it. */
export interface Place {
  readonly dialect: "postgres" | "mysql" | "sqlite";
  /** A URL, or the path of a file. */
  readonly at: string;
  readonly schema?: string;
}

/** A place without any table. */
export interface EmptyDatabase {
  readonly place: Place;
  readonly options: MigrationOptions;
  readonly pool: SqlPool;
  /** The names of all tables, indexes and columns. */
  readonly shape: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

/** Opens a pool of its own, and what closes it. */
export function openPool({ dialect, at }: Place): { readonly pool: SqlPool; readonly close: () => Promise<void> } {
  switch (dialect) {
    case "postgres": {
      const pool = new Pool({ connectionString: at, max: 3 });
      return { pool: pgPool(pool), close: async () => await pool.end() };
    }
    case "mysql": {
      const pool = createPool({ uri: at, connectionLimit: 3 });
      return { pool: mysql2Pool(pool), close: async () => await pool.end() };
    }
    case "sqlite": {
      const database = new DatabaseSync(at, { timeout: 60_000 });
      return { pool: nodeSqlitePool(database), close: async () => database.close() };
    }
  }
}

async function onServer(dialect: "postgres" | "mysql"): Promise<EmptyDatabase> {
  const schema = `migrations_${randomBytes(6).toString("hex")}`;
  const place = { dialect, at: dialect === "postgres" ? postgresUrl : mysqlUrl, schema } as const;
  const { pool, close } = openPool(place);
  const [word, cascade] = dialect === "postgres" ? ["SCHEMA", " CASCADE"] : ["DATABASE", ""];
  await pool.query(`CREATE ${word} ${schema}`, []);
  return {
    place,
    options: { dialect, schema },
    pool,
    async shape() {
      const columns = await pool.query(
        "SELECT concat(table_name, '.', column_name, ' ', data_type, ' ', is_nullable) AS one FROM information_schema.columns WHERE table_schema = $1 ORDER BY 1",
        [schema],
      );
      return columns.map(({ one }) => String(one));
    },
    async close() {
      await pool.query(`DROP ${word} ${schema}${cascade}`, []);
      await close();
    },
  };
}

async function inFile(): Promise<EmptyDatabase> {
  const folder = await mkdtemp(join(tmpdir(), "anytopic-migrations-"));
  const place = { dialect: "sqlite", at: join(folder, "test.sqlite") } as const;
  const { pool, close } = openPool(place);
  return {
    place,
    options: { dialect: "sqlite" },
    pool,
    shape: async () =>
      (await pool.query("SELECT name, sql FROM sqlite_master ORDER BY 1", [])).map(
        ({ name, sql }) => `${String(name)} ${String(sql)}`,
      ),
    async close() {
      await close();
      await rm(folder, { recursive: true });
    },
  };
}

interface Kind {
  readonly dialect: Place["dialect"];
  readonly open: () => Promise<EmptyDatabase>;
}

/** Those whose server is there. */
export async function emptyDatabases(): Promise<readonly Kind[]> {
  return [
    ...((await databaseServerOrSkip(postgresUrl))
      ? [{ dialect: "postgres", open: () => onServer("postgres") } as const]
      : []),
    ...((await databaseServerOrSkip(mysqlUrl)) ? [{ dialect: "mysql", open: () => onServer("mysql") } as const] : []),
    { dialect: "sqlite", open: inFile },
  ];
}
