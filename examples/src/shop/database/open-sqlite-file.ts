import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { nodeSqlitePool } from "@anytopic/sql";

import type { OpenPool } from "./open-pool.ts";

/** In a temporary folder, which closing removes. */
export async function openSqliteFile(): Promise<OpenPool> {
  const folder = await mkdtemp(join(tmpdir(), "anytopic-shop-"));
  const database = new DatabaseSync(join(folder, "shop.db"));
  return {
    // One connection for all services and the relay: the pool lets their transactions run one after the other.
    pool: nodeSqlitePool(database),
    async close(): Promise<void> {
      database.close();
      await rm(folder, { recursive: true });
    },
  };
}
