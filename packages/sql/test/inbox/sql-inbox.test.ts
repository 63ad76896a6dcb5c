import { databaseServerOrSkip, postgresUrl } from "@anytopic/brokers";
import { DatabaseSync } from "node:sqlite";
import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import {
  applyMigrations,
  autocommitNodeSqlite,
  fromNodeSqlite,
  fromPg,
  grants,
  nodeSqlitePool,
  sqlInbox,
  type Work,
} from "@anytopic/sql";
import { Pool } from "pg";
import { describe, expect, test } from "vitest";
import { postgresLibraries } from "../adaptors/postgres-libraries.ts";
import { ownTables } from "../own-tables.ts";

const Charges = defineTopic<{ readonly amount: number }>("charges");
const Bill = defineSubscription(Charges, "bill", {
  retryPolicy: { minBackoffMs: 1, maxBackoffMs: 1, jitter: 0, maxRetries: 5 },
});

/** In memory, with the tables, and one for effects. */
async function sqlite(): Promise<DatabaseSync> {
  const database = new DatabaseSync(":memory:");
  await nodeSqlitePool(database).transaction(async (tx) => await applyMigrations(tx, { dialect: "sqlite" }));
  database.exec("CREATE TABLE charge (id TEXT)");
  return database;
}

function inSync(database: DatabaseSync, work: (tx: DatabaseSync) => void): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    work(database);
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

describe("inTransactionSync", () => {
  test("commits the effect and the mark together, and runs no message twice", async () => {
    const database = await sqlite();
    const inbox = sqlInbox(autocommitNodeSqlite(database), { dialect: "sqlite", executor: fromNodeSqlite });
    let commits = 0;
    const handler = inbox.inTransactionSync(
      Bill,
      (work: (tx: DatabaseSync) => void) => {
        inSync(database, work);
        commits += 1;
        if (commits === 1) throw new Error("after the commit");
      },
      (_charge, { id, attempt, tx }) => {
        tx.prepare("INSERT INTO charge VALUES (?)").run(id);
        if (attempt === 1 && id === "fails") throw new Error("not now");
      },
    );
    const ends: string[] = [];
    await using pubsub = await connect(memory(), {
      observer: ({ type }) => void (["ack", "retry"].includes(type) && ends.push(type)),
    });
    await pubsub.subscribe(Bill, handler, { maxConcurrency: 1 });
    await pubsub.publish(Charges, { amount: 1 }, { id: "commits" });
    await pubsub.publish(Charges, { amount: 2 }, { id: "fails" });
    await expect.poll(() => ends.toSorted()).toEqual(["ack", "ack", "retry", "retry"]);
    const charges = database.prepare("SELECT id FROM charge ORDER BY id").all();
    expect(charges.map((row) => row["id"])).toEqual(["commits", "fails"]);
    database.close();
  });

  test("refuses a handler that returns a promise, and rolls back", async () => {
    const database = await sqlite();
    const inbox = sqlInbox(autocommitNodeSqlite(database), { dialect: "sqlite", executor: fromNodeSqlite });
    const handler = inbox.inTransactionSync(
      Bill,
      (work: (tx: DatabaseSync) => void) => inSync(database, work),
      // oxlint-disable-next-line no-misused-promises -- what this test is about
      async (_charge, { id, tx }) => void tx.prepare("INSERT INTO charge VALUES (?)").run(id),
    );
    const errors: unknown[] = [];
    await using pubsub = await connect(memory());
    await pubsub.subscribe(Bill, (charge, context) => {
      try {
        handler(charge, context);
      } catch (error) {
        errors.push(error);
      }
    });
    await pubsub.publish(Charges, { amount: 1 });
    await expect.poll(() => errors).toEqual([expect.objectContaining({ name: "TypeError" })]);
    expect(database.prepare("SELECT * FROM charge").all()).toEqual([]);
    database.close();
  });

  test("context.inbox.complete throws before the commit when another has the claim", async () => {
    const database = await sqlite();
    const inbox = sqlInbox(autocommitNodeSqlite(database), { dialect: "sqlite", executor: fromNodeSqlite });
    const Once = defineTopic<{ readonly amount: number }>("once", { deliveryGuarantee: "exactly-once" });
    const Charge = defineSubscription(Once, "charge", { retryPolicy: Bill.retryPolicy });
    const errors: unknown[] = [];
    const ends: string[] = [];
    await using pubsub = await connect(memory(), {
      inbox,
      observer: ({ type }) => void (["ack", "retry"].includes(type) && ends.push(type)),
    });
    await pubsub.subscribe(Charge, (_charge, { id, inbox: claim, attempt }) => {
      if (attempt === 1) database.exec("UPDATE anytopic_inbox SET token = 'of another', lease_until = 0");
      try {
        inSync(database, (tx) => {
          tx.prepare("INSERT INTO charge VALUES (?)").run(id);
          void claim?.complete(tx);
        });
      } catch (error) {
        errors.push(error);
        throw error;
      }
    });
    await pubsub.publish(Once, { amount: 1 }, { id: "one" });
    await expect.poll(() => ends).toEqual(["retry", "ack"]);
    expect((await inbox.claim("once/charge", "one", 1000)).state).toBe("completed");
    expect(errors).toEqual([expect.objectContaining({ code: "LEASE_LOST" })]);
    expect(database.prepare("SELECT id FROM charge").all()).toHaveLength(1);
    database.close();
  });
});

describe("a transaction function that hides that its work was not done", () => {
  test.for([
    ["does not call it", async () => {}],
    ["swallows its error", async (work: Work<object>) => await work({}).catch(() => {})],
  ] as const)("%s: the message is retried", async ([, transaction]) => {
    const first = { query: async () => await Promise.resolve([{ done: 1 }]) };
    const inbox = sqlInbox(first, { dialect: "postgres", executor: (_tx: object) => first });
    const handler = inbox.inTransaction(Bill, transaction, async () => {
      throw new Error("not now");
    });
    const errors: unknown[] = [];
    await using pubsub = await connect(memory());
    await pubsub.subscribe(Bill, async (charge, context) => {
      try {
        await handler(charge, context);
      } catch (error) {
        errors.push(error);
      }
    });
    await pubsub.publish(Charges, { amount: 1 });
    await expect
      .poll(() => errors)
      .toEqual([expect.objectContaining({ message: expect.stringMatching(/work\(tx\)/) as string })]);
  });
});

describe("what is refused", () => {
  const nowhere = { query: async () => await Promise.resolve([]) };

  test.for([
    ["an unknown option", { dialect: "postgres", lease: 1 }, /unknown option "lease": must be one of/],
    ["an unknown dialect", { dialect: "oracle" }, /"postgres", "mysql", "sqlite"/],
    ["an executor that is no function", { dialect: "postgres", executor: {} }, /such as fromPg/],
    ["a table prefix with a quote", { dialect: "postgres", tablePrefix: '"' }, /tablePrefix/],
  ] as const)("%s", ([, options, message]) => {
    expect(() => sqlInbox(nowhere, options as never)).toThrow(TypeError);
    expect(() => sqlInbox(nowhere, options as never)).toThrow(message);
  });

  test("inTransaction without an adaptor, and with options of another database", () => {
    const without = sqlInbox<Pool>(nowhere, { dialect: "postgres" });
    expect(() =>
      without.inTransaction(
        Bill,
        async () => {},
        async () => {},
      ),
    ).toThrow(/executor: fromPg/);
    const mysql = sqlInbox(nowhere, { dialect: "mysql", executor: () => nowhere });
    const wait = { lockTimeoutMs: 100 };
    expect(() =>
      mysql.inTransaction(
        Bill,
        async () => {},
        async () => {},
        wait,
      ),
    ).toThrow(/innodb_lock_wait_timeout/);
    const retain = { retainMs: 0.5 };
    expect(() =>
      mysql.inTransaction(
        Bill,
        async () => {},
        async () => {},
        retain,
      ),
    ).toThrow(/retainMs is 0.5/);
  });

  test("context.inbox.complete with a store that has no transactions", async () => {
    const Once = defineTopic<number>("once", { deliveryGuarantee: "exactly-once" });
    const errors: unknown[] = [];
    await using pubsub = await connect(memory());
    await pubsub.subscribe(defineSubscription(Once, "one"), async (_event, { inbox }) => {
      await Promise.resolve()
        .then(async () => await inbox?.complete({}))
        .catch((error: unknown) => errors.push(error));
    });
    await pubsub.publish(Once, 1);
    await expect
      .poll(() => errors)
      .toEqual([expect.objectContaining({ message: expect.stringContaining("sqlInbox") as string })]);
  });
});

const hasPostgres = await databaseServerOrSkip(postgresUrl);

describe.skipIf(!hasPostgres)("on PostgreSQL", () => {
  test("the lock timeout of the mark is not that of the handler's statements", async () => {
    const library = await postgresLibraries["pg"]!();
    const { tablePrefix, drop } = await ownTables(library);
    const pool = new Pool({ connectionString: postgresUrl });
    const inbox = sqlInbox(library.autocommit, { dialect: "postgres", tablePrefix, executor: fromPg });
    const seen: unknown[] = [];
    const client = await pool.connect();
    const handler = inbox.inTransaction(
      Bill,
      async (work: (tx: typeof client) => Promise<void>) => {
        await client.query("BEGIN");
        await client.query("SET LOCAL lock_timeout = '7s'");
        await work(client);
        await client.query("COMMIT");
      },
      async (_charge, { tx }) => void seen.push((await tx.query("SHOW lock_timeout")).rows[0]),
      { lockTimeoutMs: 100 },
    );
    await using pubsub = await connect(memory());
    await pubsub.subscribe(Bill, handler);
    await pubsub.publish(Charges, { amount: 1 });
    await expect.poll(() => seen).toEqual([{ lock_timeout: "7s" }]);
    await pubsub.close();
    client.release();
    await pool.end();
    await drop();
    await library.close();
  });

  test("a role needs only what grants gives for the task inbox", async () => {
    const library = await postgresLibraries["pg"]!();
    const { tablePrefix, table, drop } = await ownTables(library);
    const role = `${tablePrefix}role`;
    await library.autocommit.query(`CREATE ROLE ${role} LOGIN`, []);
    for (const statement of grants("postgres", { tablePrefix, task: "inbox", role })) {
      await library.autocommit.query(statement, []);
    }
    const url = new URL(postgresUrl);
    url.username = role;
    const pool = new Pool({ connectionString: url.href });
    const inbox = sqlInbox(
      { query: async (sql, params) => (await pool.query(sql, [...params])).rows },
      { dialect: "postgres", tablePrefix },
    );
    const claim = await inbox.claim("topic/one", "id", 60_000);
    expect(claim.state).toBe("claimed");
    const token = claim.state === "claimed" ? claim.token : "";
    expect(await inbox.extend("topic/one", "id", token, 60_000)).toBe(true);
    expect(await inbox.complete("topic/one", "id", token, 60_000)).toBe(true);
    expect(await inbox.abandon("topic/one", "id", token)).toBe(false);
    expect(await inbox.removeExpired()).toBe(0);
    await expect(pool.query(`SELECT * FROM ${table("outbox")}`)).rejects.toThrow(/denied/);
    await pool.end();
    await library.autocommit.query(`DROP OWNED BY ${role}`, []);
    await library.autocommit.query(`DROP ROLE ${role}`, []);
    await drop();
    await library.close();
  });
});
