import { DatabaseSync } from "node:sqlite";

import { defineTopic, type StandardSchema } from "@anytopic/core";
import { createOutbox, type SyncOutbox } from "@anytopic/outbox";
import { applyMigrations, fromNodeSqlite, type SqlRow } from "@anytopic/sql";
import { beforeEach, describe, expect, test } from "vitest";

const Mails = defineTopic<{ readonly n: number }>("mails", { orderingKey: () => "k" });
const asynchronous: StandardSchema<object> = {
  "~standard": { version: 1, vendor: "test", validate: async (value) => ({ value: value as object }) },
};

describe("an outbox whose library answers at once", () => {
  let database: DatabaseSync;
  let outbox: SyncOutbox<DatabaseSync>;
  beforeEach(async () => {
    database = new DatabaseSync(":memory:");
    database.exec("BEGIN IMMEDIATE");
    await applyMigrations(fromNodeSqlite(database), { dialect: "sqlite" });
    database.exec("COMMIT");
    outbox = createOutbox({ dialect: "sqlite", executor: fromNodeSqlite });
  });
  const ids = (): readonly unknown[] =>
    database
      .prepare("SELECT message_id FROM anytopic_outbox ORDER BY seq")
      .all()
      .map((row) => (row as SqlRow)["message_id"]);

  test("writes an event without waiting", () => {
    database.exec("BEGIN");
    expect(outbox.publishSync(database, Mails, { n: 1 }, { id: "one" })).toBe("one");
    expect(ids()).toEqual(["one"]);
    database.exec("ROLLBACK");
    expect(ids()).toEqual([]);
  });

  test("writes in the call of publish and publishBatch too", async () => {
    database.exec("BEGIN");
    const calls = [
      outbox.publish(database, Mails, { n: 1 }, { id: "one" }),
      outbox.publishBatch(database, Mails, [{ event: { n: 2 }, id: "two" }]),
      outbox.publisher(database, Mails).publish({ n: 3 }, { id: "three" }),
    ];
    database.exec("COMMIT");
    expect(ids()).toEqual(["one", "two", "three"]);
    expect(await Promise.all(calls)).toEqual(["one", [{ ok: true, id: "two" }], "three"]);
  });

  test("never uses a number again, although its row is gone", () => {
    database.exec("BEGIN");
    outbox.publishSync(database, Mails, { n: 1 });
    database.exec("DELETE FROM anytopic_outbox");
    outbox.publishSync(database, Mails, { n: 2 });
    expect(database.prepare("SELECT seq FROM anytopic_outbox").all()).toEqual([{ seq: 2 }]);
  });

  test("refuses what it cannot do", async () => {
    expect(() => outbox.publishSync(database, Mails, { n: 1 })).toThrow(/is no open transaction/);
    database.exec("BEGIN");
    expect(() => outbox.publishSync(database, Mails, { n: Number.NaN })).toThrow(/JSON cannot carry/);
    const Checked = defineTopic("checked", { schema: asynchronous });
    expect(() => outbox.publishSync(database, Checked, {})).toThrow(/its schema is asynchronous/);
    const late = { query: async () => await Promise.reject(new Error("late")) };
    const promising = createOutbox({ dialect: "sqlite", executor: () => late }) as SyncOutbox<DatabaseSync>;
    expect(() => promising.publishSync(database, Mails, { n: 1 })).toThrow(/answers by promises: use publish/);
    expect(ids()).toEqual([]);
  });
});

describe("createOutbox", () => {
  test.each<[object, RegExp]>([
    [{ dialect: "oracle", executor: fromNodeSqlite }, /dialect is 'oracle': must be one of "postgres"/],
    [{ dialect: "sqlite" }, /executor: must be a function of a transaction/],
    [{ dialect: "sqlite", executor: fromNodeSqlite, tables: "x" }, /has no option 'tables': known are dialect/],
    [{ dialect: "sqlite", executor: fromNodeSqlite, schema: "app" }, /schema: SQLite has none/],
    [{ dialect: "postgres", executor: fromNodeSqlite, schema: 'a"b' }, /schema is 'a"b': must be 1 to 63 letters/],
    [{ dialect: "postgres", executor: fromNodeSqlite, tablePrefix: "1x" }, /tablePrefix is '1x'/],
    [{ dialect: "postgres", executor: fromNodeSqlite, idSecret: "short" }, /idSecret has 5 characters/],
    [{ dialect: "postgres", executor: fromNodeSqlite, newId: "x" }, /newId is 'x': must be a function/],
    [{ dialect: "postgres", executor: fromNodeSqlite, instrumentation: [{}] }, /instrumentation\[0\] has no method/],
  ])("refuses %j", (options, reason) => {
    expect(() => createOutbox(options as never)).toThrow(reason);
    expect(() => createOutbox(options as never)).toThrow(TypeError);
  });
});
