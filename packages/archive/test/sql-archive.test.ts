import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sqlArchive } from "@anytopic/archive";
import { applyMigrations, grants, mysql2Pool, nodeSqlitePool, pgPool, type SqlPool } from "@anytopic/sql";
import { createPool } from "mysql2/promise";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { all, idsOf, message, ownFolder } from "./messages.ts";
import { testsStore } from "./store-contract.ts";

const url = process.env["POSTGRES_URL"] ?? "postgres://postgres@127.0.0.1:5432/test";
const isHere = await reachable();

async function reachable(): Promise<boolean> {
  const pool = new Pool({ connectionString: url, connectionTimeoutMillis: 5000 });
  try {
    await pool.query("SELECT 1");
    return true;
  } catch (error) {
    if (process.env["CI"]) throw error;
    process.stderr.write("\nSKIPPED, no PostgreSQL server\n\n");
    return false;
  } finally {
    await pool.end();
  }
}

const SCHEMA = `archive_${randomBytes(6).toString("hex")}`;

describe.skipIf(!isHere)("sqlArchive", () => {
  let library: Pool;
  let pool: SqlPool;
  beforeAll(async () => {
    library = new Pool({ connectionString: url });
    pool = pgPool(library);
    await pool.query(`CREATE SCHEMA ${SCHEMA}`, []);
  });
  afterAll(async () => {
    await pool.query(`DROP SCHEMA ${SCHEMA} CASCADE`, []);
    await library.end();
  });

  const place = async (): Promise<{ readonly schema: string; readonly tablePrefix: string }> => {
    const own = { schema: SCHEMA, tablePrefix: `t${randomBytes(6).toString("hex")}_` };
    await pool.transaction(async (tx) => await applyMigrations(tx, { dialect: "postgres", ...own }));
    return own;
  };

  testsStore(async () => {
    const own = await place();
    return { open: async () => await Promise.resolve(sqlArchive(pool, own)) };
  });

  test("pages and statements end by rows and by bytes", async () => {
    const store = sqlArchive(pool, await place());
    const small = Array.from({ length: 2300 }, (_, n) => message(n % 1200, { id: `s${n}` }));
    const large = Array.from({ length: 5 }, (_, n) => message(2000 + n, { body: Buffer.alloc(3_000_000, n) }));
    await store.append([...small, ...large]);
    const read = await all(store);
    expect(read).toHaveLength(2305);
    const times = read.map(({ publishTimeMs }) => publishTimeMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(read.slice(-5).map(({ body }) => body.byteLength)).toEqual(Array.from({ length: 5 }, () => 3_000_000));
    await store.close();
  });

  test("characters that a text of PostgreSQL cannot hold are kept", async () => {
    const store = sqlArchive(pool, await place());
    const strange = "\0\ud800";
    await store.append([message(1, { orderingKey: strange, attributes: { [strange]: strange } })]);
    const [found] = await all(store, { keys: [strange] });
    expect(found?.orderingKey).toBe(strange);
    expect(Object.entries(found?.attributes ?? {})).toEqual([[strange, strange]]);
  });

  test("the grants of the task are enough", async () => {
    const own = await place();
    const role = `archive_${randomBytes(6).toString("hex")}`;
    await pool.query(`CREATE ROLE ${role} LOGIN`, []);
    const as = new Pool({ connectionString: url.replace(/\/\/[^@]*@/, `//${role}@`) });
    onTestFinished(async () => {
      await as.end();
      await pool.query(`DROP OWNED BY ${role}`, []);
      await pool.query(`DROP ROLE ${role}`, []);
    });
    const store = sqlArchive(pgPool(as), own);
    await expect(store.append([message(1)])).rejects.toThrow("permission denied");
    for (const statement of grants("postgres", { task: "archive", role, ...own })) await pool.query(statement, []);
    await store.append([message(1), message(2)]);
    await store.prune("orders", new Date(message(2).publishTimeMs));
    expect(await idsOf(store)).toEqual(["m2"]);
  });

  test("wrong arguments are refused", () => {
    expect(() => sqlArchive(library as never, {})).toThrow(TypeError);
    expect(() => sqlArchive(pool, { tablePrefix: "a-b" })).toThrow(TypeError);
  });
});

describe("on SQLite", () => {
  testsStore(async () => {
    // In one process, one connection: a second one would wait for the first without letting it go on.
    const database = new DatabaseSync(join(await ownFolder(), "archive.db"));
    onTestFinished(() => database.close());
    const own = nodeSqlitePool(database);
    await own.transaction(async (tx) => await applyMigrations(tx, { dialect: "sqlite" }));
    return { open: async () => await Promise.resolve(sqlArchive(own)) };
  });
});

const mysqlUrl = process.env["MYSQL_URL"] ?? "mysql://root@127.0.0.1:3306/test";
const mysql = createPool({ uri: mysqlUrl, connectTimeout: 5000 });
const hasMysql = await mysql.query("SELECT 1").then(
  () => true,
  (error: unknown) => {
    if (process.env["CI"]) throw error;
    process.stderr.write("\nSKIPPED, no MySQL server\n\n");
    return false;
  },
);

describe.skipIf(!hasMysql)("on MySQL", () => {
  afterAll(async () => await mysql.end());
  testsStore(async () => {
    const own = mysql2Pool(mysql);
    const tablePrefix = `t${randomBytes(6).toString("hex")}_`;
    await own.transaction(async (tx) => await applyMigrations(tx, { dialect: "mysql", tablePrefix }));
    onTestFinished(async () => {
      const [tables] = (await mysql.query(`SHOW TABLES LIKE '${tablePrefix}%'`)) as unknown as [readonly object[]];
      for (const table of tables) await mysql.query(`DROP TABLE \`${String(Object.values(table)[0])}\``);
    });
    return { open: async () => await Promise.resolve(sqlArchive(own, { tablePrefix })) };
  });
});
