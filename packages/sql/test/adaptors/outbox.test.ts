import { databaseServerOrSkip, mysqlUrl, postgresUrl } from "@anytopic/brokers";
import { defineTopic } from "@anytopic/core";
import { createOutbox, type Outbox } from "@anytopic/outbox";
import type { SqlExecutor, SyncSqlExecutor } from "@anytopic/sql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type OwnTables, ownTables } from "../own-tables.ts";
import type { Library, OpenLibrary } from "./library.ts";
import { mysqlLibraries } from "./mysql-libraries.ts";
import { postgresLibraries } from "./postgres-libraries.ts";
import { sqliteLibraries } from "./sqlite-libraries.ts";

const Orders = defineTopic<{ readonly customer: string; readonly n: number }>("orders", {
  orderingKey: ({ customer }) => customer,
});
const Files = defineTopic<Uint8Array>("files", { codec: "bytes" });
const BYTES = Uint8Array.from({ length: 256 }, (_, n) => n);
const CUSTOMER = "żółw 🐢 $1 ? '\"";

function suite(open: OpenLibrary): void {
  let library: Library;
  let own: OwnTables;
  let outbox: Outbox<SqlExecutor>;

  beforeAll(async () => {
    library = await open();
    own = await ownTables(library);
    const executor = (tx: SqlExecutor): SqlExecutor => tx;
    outbox = createOutbox({ dialect: library.dialect, executor, tablePrefix: own.tablePrefix });
  });
  afterAll(async () => {
    await own?.drop();
    await library?.close();
  });

  const inTransaction = async (work: (tx: SqlExecutor) => Promise<void>): Promise<void> =>
    await library.transaction(async (tx: SqlExecutor | SyncSqlExecutor) => await work(tx as SqlExecutor));
  const rows = async (): Promise<readonly unknown[]> =>
    (
      await library.autocommit.query(
        `SELECT message_id, ordering_key, body FROM ${own.table("outbox")} ORDER BY seq`,
        [],
      )
    ).map(({ message_id, ordering_key, body }) => [
      message_id,
      ordering_key,
      Buffer.from(body as Uint8Array).toString("latin1"),
    ]);

  test("an outbox publishes with it, with and without a key, one event and several", async () => {
    const rolledBack = inTransaction(async (tx) => {
      await outbox.publish(tx, Files, BYTES);
      throw new Error("no");
    });
    await expect(rolledBack).rejects.toThrow("no");
    await inTransaction(async (tx) => {
      await outbox.publish(tx, Files, BYTES, { id: "bytes", attributes: { "\0": "\0" } });
      await outbox.publish(tx, Files, BYTES, { id: "later", delayMs: 60_000 });
      await outbox.publish(tx, Orders, { customer: CUSTOMER, n: 1 }, { id: "key" });
      const results = await outbox.publishBatch(tx, Orders, [
        { event: { customer: "ada", n: 2 }, id: "ada" },
        { event: { customer: CUSTOMER, n: 3 }, id: "last" },
      ]);
      expect(results.map(({ ok }) => ok)).toEqual([true, true]);
      expect(await library.autocommit.query(`SELECT seq FROM ${own.table("outbox")}`, [])).toEqual([]);
    });
    const text = (customer: string, n: number): string =>
      Buffer.from(JSON.stringify({ customer, n })).toString("latin1");
    expect(await rows()).toEqual([
      ["bytes", null, Buffer.from(BYTES).toString("latin1")],
      ["key", CUSTOMER, text(CUSTOMER, 1)],
      ["ada", "ada", text("ada", 2)],
      ["last", CUSTOMER, text(CUSTOMER, 3)],
    ]);
  });
}

const hasPostgres = await databaseServerOrSkip(postgresUrl);
const hasMysql = await databaseServerOrSkip(mysqlUrl);

describe.skipIf(!hasPostgres)("on PostgreSQL", () => {
  describe.each(Object.entries(postgresLibraries))("%s", (_, open) => {
    suite(open);
  });
});
describe.skipIf(!hasMysql)("on MySQL", () => {
  describe.each(Object.entries(mysqlLibraries))("%s", (_, open) => {
    suite(open);
  });
});
describe("on SQLite", () => {
  describe.each(Object.entries(sqliteLibraries))("%s", (_, open) => {
    suite(open);
  });
});
