import { databaseServerOrSkip, postgresUrl } from "@anytopic/brokers";
import { randomBytes } from "node:crypto";
import { grants, pgPool, sqlScheduleStore } from "@anytopic/sql";
import { Pool } from "pg";
import { describe, expect, test } from "vitest";
import { kinds } from "./schedule-databases.ts";

describe.skipIf(!(await databaseServerOrSkip(postgresUrl)))("the role of a schedule store", () => {
  test("may do everything that the store does, and read no other table", async () => {
    const database = await kinds[0]?.create();
    const role = `scheduler_${randomBytes(4).toString("hex")}`;
    const admin = new Pool({ connectionString: postgresUrl, max: 1 });
    await admin.query(`CREATE ROLE "${role}" LOGIN`);
    const url = new URL(postgresUrl);
    url.username = role;
    const pool = new Pool({ connectionString: url.href, max: 2 });
    try {
      for (const statement of grants("postgres", { task: "schedule", role, ...database?.place }))
        await admin.query(statement);
      const store = sqlScheduleStore(pgPool(pool), database?.place);
      const due = { atMs: 0, delayMs: undefined };
      const message = { topic: "orders", body: Buffer.from("{}"), attributes: {}, publishTimeMs: 1, due };
      await store.add([
        { ...message, id: "a" },
        { ...message, id: "b" },
        { ...message, id: "c" },
      ]);
      expect(await store.cancel("orders", "a")).toBe(true);
      expect(await store.list("orders", 10)).toHaveLength(2);
      const claimed = await store.claimDue(["orders"], 10, 1000);
      await store.done([claimed[0]?.token ?? ""]);
      await store.again(claimed[1]?.token ?? "", 0);
      expect(await store.nextDueMs(["orders"])).toBeTypeOf("number");
      await expect(pool.query(`SELECT * FROM "${database?.place.schema}"."anytopic_outbox"`)).rejects.toMatchObject({
        code: "42501",
      });
    } finally {
      await pool.end();
      await admin.query(`DROP OWNED BY "${role}"`);
      await admin.query(`DROP ROLE "${role}"`);
      await admin.end();
      await database?.close();
    }
  });
});
