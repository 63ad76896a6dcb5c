import { randomUUID } from "node:crypto";

import { pgPool } from "@anytopic/sql";
import { Pool } from "pg";

import type { OpenPool } from "./open-pool.ts";

/** In a new schema, so that the shop touches nothing else in the database, and may run twice at once. @throws Error when the server refuses it */
export async function openPostgres(connectionString: string): Promise<OpenPool> {
  const schema = `anytopic_shop_${randomUUID().replaceAll("-", "")}`;
  // The statements do not name the schema: every connection looks there first.
  const pool = new Pool({ connectionString, options: `-c search_path=${schema}` });
  // A connection that is lost while nobody uses it: the next query gets another one. Without this line it ends the process.
  pool.on("error", () => {});
  const close = async (): Promise<void> => {
    try {
      await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    } finally {
      await pool.end();
    }
  };
  try {
    await pool.query(`CREATE SCHEMA ${schema}`);
  } catch (cause) {
    await pool.end();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the database of DATABASE_URL cannot be used: ${reason}`, { cause });
  }
  return { pool: pgPool(pool), close };
}
