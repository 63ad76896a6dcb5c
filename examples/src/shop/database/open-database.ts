import { createOutbox } from "@anytopic/outbox";
import { applyMigrations, sqlInbox, type SqlExecutor } from "@anytopic/sql";

import { openPostgres } from "./open-postgres.ts";
import type { OpenPool } from "./open-pool.ts";
import type { ShopDatabase } from "./shop-database.ts";
import { createTables } from "./tables.ts";

/**
 * Opens a database of its own for one run, and makes the tables: a new schema on PostgreSQL, or a new file of SQLite. Closing removes it.
 *
 * @param url of PostgreSQL; without it there is a temporary file of SQLite
 * @throws Error when the URL is of another database, or when this Node has no SQLite
 */
export async function openDatabase(url: string | undefined): Promise<ShopDatabase> {
  const { pool, close } = await openPool(url);
  const { dialect } = pool;
  try {
    await pool.transaction(async (tx) => {
      await applyMigrations(tx, { dialect });
      await createTables(tx);
    });
  } catch (error) {
    await close();
    throw error;
  }
  // The pool's transactions run statements as anytopic needs it. With your library's own, give its adaptor here: fromPg, fromDrizzle, …
  const executor = (tx: SqlExecutor): SqlExecutor => tx;
  const outbox = createOutbox({ dialect, executor });
  return {
    pool,
    outbox,
    inbox: sqlInbox(pool, { dialect, executor }),
    async transaction(work): Promise<void> {
      await pool.transaction(work);
      // The relay looks at once, and not when its pause ends.
      outbox.wake();
    },
    [Symbol.asyncDispose]: close,
  };
}

async function openPool(url: string | undefined): Promise<OpenPool> {
  // An empty variable is no database.
  if (url === undefined || url === "") return await openSqlite();
  if (/^postgres(ql)?:/.test(url)) return await openPostgres(url);
  // Not the URL itself, which may contain a password.
  throw new Error(
    "DATABASE_URL is not of PostgreSQL: it must begin with postgres: or postgresql:. Without it the shop uses SQLite",
  );
}

async function openSqlite(): Promise<OpenPool> {
  const { openSqliteFile } = await import("./open-sqlite-file.ts").catch((cause: unknown) => {
    const remedy =
      "take Node 22.13 or newer, start node with --experimental-sqlite, or give a PostgreSQL database in DATABASE_URL";
    throw new Error(`node:sqlite cannot be loaded: ${remedy}`, { cause });
  });
  return await openSqliteFile();
}
