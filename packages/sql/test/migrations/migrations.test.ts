import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

import { applyMigrations, missingMigrations, migrations, type SqlExecutor } from "@anytopic/sql";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { type EmptyDatabase, emptyDatabases } from "./empty-databases.ts";

const PROGRAM = new URL("./apply-process.ts", import.meta.url);
const PROCESSES = 3;
const DIALECTS = ["postgres", "mysql", "sqlite"] as const;

describe("migrations", () => {
  test("are the same in all dialects, counted from 1", () => {
    const [first, ...others] = DIALECTS.map((dialect) =>
      migrations(dialect).map(({ version, name }) => ({ version, name })),
    );
    expect(first?.map(({ version }) => version)).toEqual(first?.map((_, index) => index + 1));
    for (const other of others) expect(other).toEqual(first);
    expect(first?.[0]).toEqual({ version: 1, name: "outbox" });
  });

  test.each(DIALECTS)(
    "have nothing on %s that an adaptor would take for a placeholder, and end with their version",
    (dialect) => {
      for (const { version, statements, sql } of migrations(dialect)) {
        for (const statement of statements) expect(statement).not.toMatch(/[$?;]/);
        expect(statements.at(-1)).toMatch(new RegExp(`INTO .anytopic_migration. .*VALUES \\(${version}[,)]`, "s"));
        expect(sql.match(/;$/gm)).toHaveLength(statements.length);
      }
    },
  );

  test("name schema and tables as they are told, and an index without its schema", () => {
    const text = migrations("sqlite", { tablePrefix: "App_" })
      .map(({ sql }) => sql)
      .join("\n");
    expect(text).not.toContain("anytopic");
    expect(text).toContain('CREATE INDEX "App_outbox_');
    const mysql = migrations("mysql", { schema: "shop" })
      .map(({ sql }) => sql)
      .join("\n");
    expect(mysql).toContain("CREATE TABLE IF NOT EXISTS `shop`.`anytopic_outbox` (");
  });

  test.each([
    { schema: 'a"b' },
    { schema: "" },
    { schema: "a.b" },
    { tablePrefix: "x;" },
    { tablePrefix: "x".repeat(31) },
  ])("refuse %j", (options) => {
    for (const dialect of ["postgres", "mysql"] as const) expect(() => migrations(dialect, options)).toThrow(TypeError);
  });
});

describe.each(await emptyDatabases())("on $dialect", ({ dialect, open }) => {
  let database: EmptyDatabase;
  beforeEach(async () => void (database = await open()));
  afterEach(async () => await database.close());

  const versions = migrations(dialect).map(({ version }) => version);
  const apply = async (): Promise<readonly number[]> => {
    const applied = await database.pool.transaction((tx) => applyMigrations(tx, database.options));
    return applied.map(({ version }) => version);
  };
  const missing = async (): Promise<readonly number[]> =>
    (await missingMigrations(database.pool, database.options)).map(({ version }) => version);

  test("all are missing, then applied, and then there is nothing to do", async () => {
    expect(await missing()).toEqual(versions);
    expect(await database.shape()).toEqual([]);
    expect(await apply()).toEqual(versions);
    expect(await missing()).toEqual([]);
    expect(await apply()).toEqual([]);
  });

  test("those after any version are applied to tables that were made by hand, with the same result", async () => {
    await apply();
    const wanted = await database.shape();
    for (const byHand of versions) {
      const other = await open();
      try {
        for (const { statements } of migrations(dialect, other.options).slice(0, byHand)) {
          for (const statement of statements) await other.pool.query(statement, []);
        }
        expect((await missingMigrations(other.pool, other.options)).map(({ version }) => version)).toEqual(
          versions.slice(byHand),
        );
        const applied = await other.pool.transaction((tx) => applyMigrations(tx, other.options));
        expect(applied.map(({ version }) => version)).toEqual(versions.slice(byHand));
        expect(await other.shape()).toEqual(wanted);
      } finally {
        await other.close();
      }
    }
  });

  test("two outboxes have tables of their own in one place", async () => {
    await apply();
    const options = { ...database.options, tablePrefix: "second_" };
    expect(await missingMigrations(database.pool, options)).toHaveLength(versions.length);
    await database.pool.transaction((tx) => applyMigrations(tx, options));
    expect(await missingMigrations(database.pool, options)).toEqual([]);
  });

  test("what has failed on the way is completed by the next call", async () => {
    let left = 4;
    const failing = (tx: SqlExecutor): SqlExecutor => ({
      async query(sql, params) {
        if (/^(CREATE|INSERT)/.test(sql) && (left -= 1) === 0) throw new Error("the connection was lost");
        return await tx.query(sql, params);
      },
    });
    const failed = database.pool.transaction((tx) => applyMigrations(failing(tx), database.options));
    await expect(failed).rejects.toThrow("the connection was lost");
    expect(await missing()).toEqual(versions);
    // MySQL cannot take back what was done. Of the others, half of it would be in the way of the next call.
    expect(dialect === "mysql" ? [] : await database.shape()).toEqual([]);
    expect(await apply()).toEqual(versions);
    expect(await missing()).toEqual([]);
  });

  test("several processes may start at once, and one of them does the work", { timeout: 120_000 }, async () => {
    const children = Array.from({ length: PROCESSES }, () => fork(PROGRAM, [JSON.stringify(database.place)]));
    try {
      await Promise.all(children.map((child) => once(child, "message")));
      const answers = children.map((child) => answerOf(child));
      for (const child of children) child.send("go");
      const said = await Promise.all(answers);
      expect(said.filter(({ error }) => error !== undefined)).toEqual([]);
      expect(said.flatMap(({ applied }) => applied)).toEqual(versions);
    } finally {
      for (const child of children) child.kill("SIGKILL");
    }
    expect(await missing()).toEqual([]);
  });
});

interface Answer {
  readonly applied?: readonly number[];
  readonly error?: string;
}

async function answerOf(child: ChildProcess): Promise<Answer> {
  const [answer] = (await once(child, "message")) as [Answer];
  return answer;
}
