import { createTcpProxy } from "@anytopic/conformance";
import { databaseServerOrSkip, postgresUrl, until } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, silentLogger } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { autocommitPg, fromPg, sqlInbox, type Work } from "@anytopic/sql";
import { Client, type ClientBase } from "pg";
import { expect, test } from "vitest";
import { postgresLibraries } from "../adaptors/postgres-libraries.ts";
import { ownTables } from "../own-tables.ts";

/** The statement has 12 bytes on the line, and its answer 18: the line breaks before, in and after each of them. */
const CUTS = [1, 6, 11, 12, 13, 17];
const ROUNDS = 5;

const hasPostgres = await databaseServerOrSkip(postgresUrl);

test.skipIf(!hasPostgres)(
  "a connection that is lost in the middle of COMMIT: each effect happens once",
  async () => {
    const library = await postgresLibraries["pg"]!();
    const { tablePrefix, table, drop } = await ownTables(library);
    const target = new URL(postgresUrl);
    const proxy = await createTcpProxy({ targetHost: target.hostname, targetPort: Number(target.port) });
    const url = new URL(postgresUrl);
    url.host = `${proxy.host}:${proxy.port}`;

    const Charges = defineTopic<number>("charges");
    const Bill = defineSubscription(Charges, "bill", {
      retryPolicy: { minBackoffMs: 1, maxBackoffMs: 1, jitter: 0, maxRetries: 5 },
    });
    const inbox = sqlInbox(library.autocommit, { dialect: "postgres", tablePrefix, executor: fromPg });
    let cutAfter: number | undefined;
    const transaction = async (work: Work<ClientBase>): Promise<void> => {
      const client = new Client({ connectionString: url.href });
      client.on("error", () => {});
      await client.connect();
      try {
        await client.query("BEGIN");
        await work(client);
        if (cutAfter !== undefined) proxy.truncate(cutAfter);
        await client.query("COMMIT");
      } finally {
        await proxy.heal();
        await client.end().catch(() => {});
      }
    };
    const marked = async (id: string): Promise<boolean> =>
      (await library.autocommit.query(`SELECT 1 FROM ${table("inbox")} WHERE message_id = $1`, [id])).length > 0;
    const outcomes = { committed: 0, rolledBack: 0 };
    const handler = inbox.inTransaction(Bill, transaction, async (_charge, { id, tx }) => {
      await fromPg(tx).query(`INSERT INTO ${table("effect")} (id, worker) VALUES ($1, $2)`, [id, "me"]);
    });
    const ends: string[] = [];
    const pubsub = await connect(memory(), {
      logger: silentLogger,
      observer: ({ type }) => void (["ack", "retry", "dead-letter"].includes(type) && ends.push(type)),
    });
    await pubsub.subscribe(
      Bill,
      async (charge, context) => {
        cutAfter = context.attempt === 1 ? CUTS[charge % CUTS.length] : undefined;
        try {
          await handler(charge, context);
        } catch (error) {
          // The server may still be working on what it has received.
          await until(async () => (await openTransactions(tablePrefix)) === 0 || undefined, {
            deadlineMs: 10_000,
            what: "the transaction to end",
          });
          outcomes[(await marked(context.id)) ? "committed" : "rolledBack"] += 1;
          throw error;
        }
      },
      { maxConcurrency: 1 },
    );
    const openTransactions = async (prefix: string): Promise<number> => {
      const open = `SELECT 1 AS open FROM pg_locks JOIN pg_class ON pg_class.oid = relation WHERE relname LIKE $1 AND pid <> pg_backend_pid()`;
      return (await autocommitPg(observer).query(open, [`${prefix}%`])).length;
    };
    const observer = new Client({ connectionString: postgresUrl });
    await observer.connect();
    try {
      const ids = await Promise.all(
        Array.from({ length: CUTS.length * ROUNDS }, async (_, index) => await pubsub.publish(Charges, index)),
      );
      await expect.poll(() => ends.filter((type) => type === "ack").length, { timeout: 60_000 }).toBe(ids.length);
      const effects = await library.autocommit.query(`SELECT id FROM ${table("effect")}`, []);
      expect(effects.map(({ id }) => String(id)).toSorted()).toEqual(ids.toSorted());
      expect(ends).not.toContain("dead-letter");
      // Both have happened, or the test has shown nothing.
      expect(outcomes.committed).toBeGreaterThan(0);
      expect(outcomes.rolledBack).toBeGreaterThan(0);
    } finally {
      await pubsub.close();
      await proxy.close();
      await observer.end();
      await drop();
      await library.close();
    }
  },
  90_000,
);
