import { databaseServerOrSkip, mysqlUrl, postgresUrl } from "@anytopic/brokers";
import { randomUUID } from "node:crypto";
import {
  autocommitBetterSqlite3,
  type Dialect,
  fromBetterSqlite3,
  type SqlExecutor,
  type SqlRow,
  type SyncSqlExecutor,
} from "@anytopic/sql";
import Libsql from "libsql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Library, OpenLibrary } from "./library.ts";
import { mysqlLibraries } from "./mysql-libraries.ts";
import { postgresLibraries } from "./postgres-libraries.ts";
import { sqliteLibraries } from "./sqlite-libraries.ts";

// A library that writes times in the zone of the process must be noticed.
process.env["TZ"] = "Asia/Kathmandu";

const BYTES = Uint8Array.from({ length: 256 }, (_, index) => index);
const JSON_TEXT = '{"quote":"\\"","single":"\'","unicode":"żółw 🐢","dollar":"$1 ? :a","null":null}';
/** Not exact as a double. */
const BIG = 2n ** 53n + 1n;
const TIME = new Date("2026-03-29T01:30:00.123Z");
const VALUES = ["bytes", "json", "absent", "big", "at", "flag"] as const;

const tables: Readonly<Record<Dialect, (name: string) => string>> = {
  postgres: (name) =>
    `CREATE TABLE ${name} (id text PRIMARY KEY, bytes bytea, json text, absent text, big bigint, at timestamptz, flag boolean)`,
  mysql: (name) =>
    `CREATE TABLE ${name} (id varchar(64) PRIMARY KEY, bytes blob, json longtext CHARACTER SET utf8mb4, absent text, big bigint, at datetime(3), flag boolean)`,
  sqlite: (name) =>
    `CREATE TABLE ${name} (id text PRIMARY KEY, bytes blob, json text, absent text, big integer, at text, flag integer)`,
};

/** The time as the database itself says it in UTC, so that no library can shift it back. */
const utcOf: Readonly<Record<Dialect, string>> = {
  postgres: "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS')",
  mysql: "LEFT(DATE_FORMAT(at, '%Y-%m-%d %H:%i:%s.%f'), 23)",
  sqlite: "replace(replace(at, 'T', ' '), 'Z', '')",
};

function errorOf(make: () => unknown): unknown {
  try {
    return make();
  } catch (error) {
    return error;
  }
}

type Executor = SqlExecutor | SyncSqlExecutor;

function suite(dialect: Dialect, open: OpenLibrary): void {
  const table = `adaptor_${randomUUID().replaceAll("-", "")}`;
  const state: { library?: Library } = {};
  const library = (): Library => state.library!;

  beforeAll(async () => {
    state.library = await open();
    await library().autocommit.query(tables[library().dialect](table), []);
  });
  afterAll(async () => {
    await state.library?.autocommit.query(`DROP TABLE ${table}`, []);
    await state.library?.close();
  });

  const insert = async (executor: Executor, id: string): Promise<readonly SqlRow[]> =>
    await executor.query(`INSERT INTO ${table} (id, ${VALUES.join(", ")}) VALUES ($1, $2, $3, $4, $5, $6, $7)`, [
      id,
      BYTES,
      JSON_TEXT,
      null,
      BIG,
      TIME,
      true,
    ]);
  const read = async (executor: Executor, id: string): Promise<readonly SqlRow[]> =>
    await executor.query(
      `SELECT bytes, json, absent, big, ${utcOf[library().dialect]} AS utc, flag AS camel_case FROM ${table} WHERE id = $1`,
      [id],
    );
  const expectWhole = (rows: readonly SqlRow[]): void => {
    expect(rows).toHaveLength(1);
    const { bytes, json, absent, big, utc, camel_case } = rows[0]!;
    expect(Buffer.from(bytes as Uint8Array).equals(BYTES)).toBe(true);
    expect({ json, absent, utc, flag: Boolean(camel_case) }).toEqual({
      json: JSON_TEXT,
      absent: null,
      utc: "2026-03-29 01:30:00.123",
      flag: true,
    });
    expect(BigInt(big as string)).toBe(BIG);
  };

  test("a transaction that commits: every kind of value, whole, and visible to nobody before", async () => {
    const id = randomUUID();
    await library().transaction(async (executor) => {
      expect(await insert(executor, id)).toEqual([]);
      expectWhole(await read(executor, id));
      expect(await read(library().autocommit, id)).toEqual([]);
    });
    expectWhole(await read(library().autocommit, id));
  });

  test("a transaction that rolls back leaves nothing, and rejects with the error of its work", async () => {
    const id = randomUUID();
    const failure = new Error("the work failed");
    const failed = library().transaction(async (executor) => {
      await insert(executor, id);
      throw failure;
    });
    await expect(failed).rejects.toBe(failure);
    expect(await read(library().autocommit, id)).toEqual([]);
  });

  // MySQL has none of them; MariaDB some.
  test.skipIf(dialect === "mysql")("rows of insert, update and delete that return them", async () => {
    const id = randomUUID();
    await library().transaction(async (executor) => {
      const inserted = await executor.query(`INSERT INTO ${table} (id, json) VALUES ($1, $2) RETURNING json`, [
        id,
        "a",
      ]);
      const updated = await executor.query(`UPDATE ${table} SET json = $1 WHERE id = $2 RETURNING json`, ["b", id]);
      const deleted = await executor.query(`DELETE FROM ${table} WHERE id = $1 RETURNING json`, [id]);
      expect([inserted, updated, deleted]).toEqual([[{ json: "a" }], [{ json: "b" }], [{ json: "b" }]]);
      expect(await executor.query(`UPDATE ${table} SET json = $1 WHERE id = $2`, ["c", id])).toEqual([]);
    });
  });

  test("the database's own error is passed on", async () => {
    const id = randomUUID();
    await insert(library().autocommit, id);
    await expect(library().transaction(async (executor) => void (await insert(executor, id)))).rejects.toThrow(Error);
  });

  test("what is visibly no transaction is refused, with what to pass", () => {
    expect(Object.keys(library().refused)).not.toEqual([]);
    for (const [what, make] of Object.entries(library().refused)) {
      expect.soft({ [what]: errorOf(make) }).toEqual({
        [what]: expect.objectContaining({
          message: expect.stringMatching(/pass|execute BEGIN|call this inside/) as string,
        }),
      });
      expect.soft(errorOf(make)).toBeInstanceOf(TypeError);
    }
  });
}

const hasPostgres = await databaseServerOrSkip(postgresUrl);
const hasMysql = await databaseServerOrSkip(mysqlUrl);

describe.skipIf(!hasPostgres)("on PostgreSQL", () => {
  describe.each(Object.entries(postgresLibraries))("%s", (_, open) => {
    suite("postgres", open);
  });
});
describe.skipIf(!hasMysql)("on MySQL", () => {
  describe.each(Object.entries(mysqlLibraries))("%s", (_, open) => {
    suite("mysql", open);
  });
});
describe("on SQLite", () => {
  describe.each(Object.entries(sqliteLibraries))("%s", (_, open) => {
    suite("sqlite", open);
  });
});

test("the synchronous transaction function of libsql and better-sqlite3", () => {
  const database = new Libsql(":memory:");
  database.exec("CREATE TABLE placed (id TEXT PRIMARY KEY)");
  const place = database.transaction((id: string, failure?: Error) => {
    fromBetterSqlite3(database).query("INSERT INTO placed VALUES ($1)", [id]);
    if (failure !== undefined) throw failure;
  });
  place("committed");
  const failure = new Error("the work failed");
  expect(() => place("rolled back", failure)).toThrow(failure);
  expect(autocommitBetterSqlite3(database).query("SELECT id FROM placed", [])).toEqual([{ id: "committed" }]);
});
