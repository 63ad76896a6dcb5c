import { databaseServerOrSkip, mysqlUrl, postgresUrl } from "@anytopic/brokers";
import { checkInboxStore } from "@anytopic/conformance";
import { sqlInbox } from "@anytopic/sql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Library, OpenLibrary } from "../adaptors/library.ts";
import { mysqlLibraries } from "../adaptors/mysql-libraries.ts";
import { postgresLibraries } from "../adaptors/postgres-libraries.ts";
import { sqliteLibraries } from "../adaptors/sqlite-libraries.ts";
import { type OwnTables, ownTables } from "../own-tables.ts";

const PROMISES = 11;

function suite(open: OpenLibrary): void {
  const state: { library?: Library; tables?: OwnTables } = {};
  beforeAll(async () => {
    state.library = await open();
    state.tables = await ownTables(state.library);
  });
  afterAll(async () => {
    await state.tables?.drop();
    await state.library?.close();
  });
  const inbox = () => {
    const { dialect, autocommit } = state.library!;
    return sqlInbox(autocommit, { dialect, tablePrefix: state.tables!.tablePrefix });
  };
  const rows = async (): Promise<number> => {
    const counted = await state.library!.autocommit.query(
      `SELECT COUNT(*) AS number FROM ${state.tables!.table("inbox")}`,
      [],
    );
    return Number(counted[0]!["number"]);
  };

  test("keeps the promises of InboxStore", { timeout: 60_000 }, async () => {
    expect(await checkInboxStore(inbox)).toHaveLength(PROMISES);
  });

  test("ids that differ only by a space at the end are told apart", async () => {
    expect((await inbox().claim("topic/spaces", "id", 60_000)).state).toBe("claimed");
    expect((await inbox().claim("topic/spaces", "id ", 60_000)).state).toBe("claimed");
  });

  test("removeExpired deletes marks whose time has passed, and neither other marks nor claims", async () => {
    await state.library!.autocommit.query(`DELETE FROM ${state.tables!.table("inbox")}`, []);
    const store = inbox();
    for (const [id, retainMs] of [
      ["past", 1],
      ["also past", 1],
      ["kept", 60_000],
    ] as const) {
      const claim = await store.claim("topic/removed", id, 60_000);
      if (claim.state !== "claimed") throw new Error(claim.state);
      await store.complete("topic/removed", id, claim.token, retainMs);
    }
    await store.claim("topic/removed", "claimed", 1);
    await expect.poll(async () => await store.removeExpired(1)).toBe(1);
    expect(await rows()).toBe(3);
    await expect.poll(async () => await store.removeExpired()).toBe(1);
    expect(await store.removeExpired()).toBe(0);
    expect(await rows()).toBe(2);
    expect((await store.claim("topic/removed", "kept", 60_000)).state).toBe("completed");
  });

  test("expired rows are deleted by themselves while messages are completed", async () => {
    const { dialect, autocommit } = state.library!;
    const { tablePrefix } = state.tables!;
    await autocommit.query(`DELETE FROM ${state.tables!.table("inbox")}`, []);
    // A removal after 251 marks.
    const store = sqlInbox(autocommit, { dialect, tablePrefix, random: () => 0.001 });
    for (let index = 0; index < 252; index += 1) {
      const claim = await store.claim("topic/aged", String(index), 60_000);
      if (claim.state === "claimed") await store.complete("topic/aged", String(index), claim.token, 1);
    }
    await expect.poll(rows).toBeLessThan(10);
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
