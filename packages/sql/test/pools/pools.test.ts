import { databaseServerOrSkip, mysqlUrl, postgresUrl } from "@anytopic/brokers";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { mysql2Pool, nodeSqlitePool, pgPool, postgresPool, type SqlPool } from "@anytopic/sql";
import { createPool } from "mysql2/promise";
import { Pool } from "pg";
import postgres from "postgres";
import { describe, expect, onTestFinished, test } from "vitest";

const isPostgresThere = await databaseServerOrSkip(postgresUrl);
const isMysqlThere = await databaseServerOrSkip(mysqlUrl);

/** A pool, closed after the test, and a table of its own with one row. */
async function openPool(kind: string, max = 5): Promise<{ readonly pool: SqlPool; readonly table: string }> {
  const { pool, close } = await POOLS[kind as keyof typeof POOLS](max);
  const table = `pool_${randomUUID().slice(0, 8)}`;
  await pool.query(`CREATE TABLE ${table} (id integer PRIMARY KEY, note varchar(20))`, []);
  await pool.query(`INSERT INTO ${table} VALUES (1, 'a')`, []);
  onTestFinished(async () => {
    await pool.query(`DROP TABLE ${table}`, []);
    await close();
  });
  return { pool, table };
}

const POOLS = {
  async pg(max: number) {
    const pool = new Pool({ connectionString: postgresUrl, max });
    return await Promise.resolve({ pool: pgPool(pool), close: async () => await pool.end() });
  },
  async "postgres.js"(max: number) {
    const sql = postgres(postgresUrl, { max });
    return await Promise.resolve({ pool: postgresPool(sql), close: async () => await sql.end() });
  },
  async mysql2(max: number) {
    const pool = createPool({ uri: mysqlUrl, connectionLimit: max });
    return await Promise.resolve({ pool: mysql2Pool(pool), close: async () => await pool.end() });
  },
  async "node:sqlite"() {
    const folder = await mkdtemp(join(tmpdir(), "anytopic-pool-"));
    const database = new DatabaseSync(join(folder, "test.db"), { timeout: 5000 });
    const close = async (): Promise<void> => {
      database.close();
      await rm(folder, { recursive: true });
    };
    return { pool: nodeSqlitePool(database), close };
  },
};

const SERVERS = [
  ["pg", isPostgresThere],
  ["postgres.js", isPostgresThere],
  ["mysql2", isMysqlThere],
] as const;
const ALL = [...SERVERS, ["node:sqlite", true]] as const;

async function noteOf(pool: SqlPool, table: string): Promise<unknown> {
  const [row] = await pool.query(`SELECT note FROM ${table} WHERE id = $1`, [1]);
  return row?.["note"];
}

describe.each(ALL.filter(([, isThere]) => isThere).map(([kind]) => kind))("the pool of %s", (kind) => {
  test("commits when the work resolves, and returns its result", async () => {
    const { pool, table } = await openPool(kind);
    const result = await pool.transaction(async (tx) => {
      await tx.query(`UPDATE ${table} SET note = $1`, ["b"]);
      return 7;
    });
    expect(result).toBe(7);
    expect(await noteOf(pool, table)).toBe("b");
  });

  test("rolls back when the work rejects, and works on", async () => {
    const { pool, table } = await openPool(kind, 1);
    const failing = pool.transaction(async (tx) => {
      await tx.query(`UPDATE ${table} SET note = $1`, ["b"]);
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    const wrong = pool.transaction(async (tx) => await tx.query("SELECT id FROM nowhere", []));
    await expect(wrong).rejects.toThrow("nowhere");
    expect(await noteOf(pool, table)).toBe("a");
  });

  test("a signal ends the transaction without a commit", async () => {
    const { pool, table } = await openPool(kind, 2);
    const controller = new AbortController();
    const cut = pool.transaction(
      async (tx) => {
        await tx.query(`UPDATE ${table} SET note = $1`, ["b"]);
        controller.abort(new Error("cut"));
        await tx.query(`UPDATE ${table} SET note = $1`, ["c"]);
      },
      { signal: controller.signal },
    );
    await expect(cut).rejects.toBeInstanceOf(Error);
    expect(await noteOf(pool, table)).toBe("a");
    await expect(pool.transaction(async () => 1, { signal: controller.signal })).rejects.toThrow("cut");
  });
});

describe.each(SERVERS.filter(([, isThere]) => isThere).map(([kind]) => kind))("the pool of %s", (kind) => {
  test("a statement sees what was committed before it", async () => {
    const { pool, table } = await openPool(kind);
    await pool.transaction(async (tx) => {
      const before = await tx.query(`SELECT note FROM ${table} WHERE id = $1`, [1]);
      await pool.query(`UPDATE ${table} SET note = $1`, ["b"]);
      const after = await tx.query(`SELECT note FROM ${table} WHERE id = $1`, [1]);
      expect([before[0]?.["note"], after[0]?.["note"]]).toEqual(["a", "b"]);
    });
  });

  // postgres.js may throw an uncaught exception then, see `postgresPool`.
  test.skipIf(kind === "postgres.js")("the server ends a transaction that stands still, and its locks", async () => {
    const { pool, table } = await openPool(kind);
    const locked = Promise.withResolvers<void>();
    const still = Promise.withResolvers<void>();
    const idle = pool.transaction(
      async (tx) => {
        await tx.query(`SELECT id FROM ${table} WHERE id = $1 FOR UPDATE`, [1]);
        locked.resolve();
        await still.promise;
        await tx.query(`UPDATE ${table} SET note = $1`, ["late"]);
      },
      { idleTimeoutMs: 1000 },
    );
    const ended = idle.catch((error: unknown) => error);
    await locked.promise;
    // Waits for the lock.
    await pool.query(`UPDATE ${table} SET note = $1`, ["other"]);
    still.resolve();
    expect(await ended).toBeInstanceOf(Error);
    expect(await noteOf(pool, table)).toBe("other");
  });
});

test.skipIf(!isMysqlThere)("on MySQL, a connection goes back with its own time limit and isolation", async () => {
  const { pool } = await openPool("mysql2", 1);
  const settings = async (): Promise<unknown> => {
    const [row] = await pool.query("SELECT @@SESSION.wait_timeout AS wait, @@SESSION.tx_isolation AS level", []);
    return row;
  };
  const before = await settings();
  await pool.transaction(async (tx) => await tx.query("SELECT 1 AS one", []), { idleTimeoutMs: 5000 });
  expect(await settings()).toEqual(before);
});

test.skipIf(!isPostgresThere).each(["pg", "postgres.js"])("%s hears notifications until it is closed", async (kind) => {
  const { pool } = await openPool(kind);
  const channel = `ch"annel.${randomUUID().slice(0, 8)}`;
  let heard = 0;
  const listening = await pool.listen?.(
    channel,
    () => (heard += 1),
    () => {},
  );
  await pool.query("SELECT pg_notify($1::text, '')::text AS sent", [channel]);
  await expect.poll(() => heard).toBe(1);
  await listening?.close();
  await listening?.close();
  await pool.query("SELECT pg_notify($1::text, '')::text AS sent", [channel]);
  await pause(100);
  expect(heard).toBe(1);
});

test("on SQLite, transactions and statements run one after the other", async () => {
  const { pool, table } = await openPool("node:sqlite");
  const order: string[] = [];
  await Promise.all([
    pool.transaction(async (tx) => {
      order.push("first");
      await pause(20);
      await tx.query(`UPDATE ${table} SET note = $1`, ["b"]);
      order.push("first ended");
    }),
    pool.query(`SELECT note FROM ${table}`, []).then(([row]) => order.push(String(row?.["note"]))),
    pool.transaction(async () => void order.push(await Promise.resolve("second"))),
  ]);
  expect(order.slice(0, 2)).toEqual(["first", "first ended"]);
  expect(order.slice(2).toSorted()).toEqual(["b", "second"]);
});
