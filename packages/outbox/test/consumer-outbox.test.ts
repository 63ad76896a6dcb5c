import { connect, defineSubscription, defineTopic, silentLogger } from "@anytopic/core";
import { createOutbox } from "@anytopic/outbox";
import { applyMigrations, fromPg, pgPool, sqlInbox, type Work } from "@anytopic/sql";
import { type ClientBase, Pool } from "pg";
import { expect, test } from "vitest";

import { findPostgres, startPrivatePostgres } from "./relay/private-postgres.ts";

const programs = findPostgres();
const MESSAGES = 300;
const RESTARTS = 2;
/** So that it stops in the middle. */
const HANDLED_BEFORE = 20;

const Orders = defineTopic<{ readonly order: string }>("orders");
const Bill = defineSubscription(Orders, "bill", {
  retryPolicy: { minBackoffMs: 50, maxBackoffMs: 500, maxRetries: 100 },
});
const Billed = defineTopic<{ readonly order: string }>("billed");
const Ship = defineSubscription(Billed, "ship");

async function inTransaction(pool: Pool, work: Work<ClientBase>): Promise<void> {
  const client = await pool.connect();
  let failure: Error | undefined;
  try {
    await client.query("BEGIN");
    await work(client);
    await client.query("COMMIT");
  } catch (error) {
    failure = error as Error;
    throw error;
  } finally {
    client.release(failure);
  }
}

test.skipIf(programs === undefined)(
  "inbox, effect and outbox in one transaction, while the database restarts: each message has one effect and one event",
  async () => {
    const server = await startPrivatePostgres(programs ?? "");
    const pool = new Pool({ connectionString: server.url });
    pool.on("error", () => {});
    pool.on("connect", (client) => void client.on("error", () => {}));
    try {
      const database = pgPool(pool);
      await database.transaction(async (tx) => await applyMigrations(tx, { dialect: "postgres" }));
      await pool.query("CREATE TABLE bill (order_id text)");
      const inbox = sqlInbox(database, { dialect: "postgres", executor: fromPg });
      const outbox = createOutbox({ dialect: "postgres", executor: fromPg });

      /** Each event once, however often the relay has published it. */
      const shipped = new Map<string, string>();
      const refused = new Set<string>();
      await using pubsub = await connect("memory:", { logger: silentLogger, declarations: [Bill, Ship] });
      await pubsub.subscribe(Ship, ({ order }, { id }) => void shipped.set(id, order));
      const handler = inbox.inTransaction(
        Bill,
        async (work: Work<ClientBase>) => await inTransaction(pool, work),
        async ({ order }, { tx }) => {
          await tx.query("INSERT INTO bill (order_id) VALUES ($1)", [order]);
          await outbox.publish(tx, Billed, { order });
          if (order.endsWith("7") && !refused.has(order)) {
            refused.add(order);
            throw new Error("after the effect and the event");
          }
        },
      );
      await pubsub.subscribe(Bill, handler, { maxConcurrency: 8 });
      const relay = await outbox.relay(pubsub, { pool: database, topics: [Billed] });

      const orders = Array.from({ length: MESSAGES }, (_, index) => String(index));
      for (let restarts = 0; restarts < RESTARTS; restarts += 1) {
        const part = orders.slice((restarts * MESSAGES) / RESTARTS, ((restarts + 1) * MESSAGES) / RESTARTS);
        const before = shipped.size;
        await Promise.all(part.map(async (order) => await pubsub.publish(Orders, { order })));
        await expect
          .poll(() => shipped.size, { timeout: 60_000, interval: 5 })
          .toBeGreaterThan(before + HANDLED_BEFORE);
        await server.stop();
        await server.start();
      }
      await expect.poll(() => new Set(shipped.values()).size, { timeout: 60_000 }).toBe(MESSAGES);
      const { rows } = await pool.query<{ order_id: string }>("SELECT order_id FROM bill");
      expect(rows.map(({ order_id }) => order_id).toSorted()).toEqual(orders.toSorted());
      expect([...shipped.values()].toSorted()).toEqual(orders.toSorted());
      expect(refused.size).toBe(MESSAGES / 10);
      await relay.close();
    } finally {
      await pool.end();
      await server.close();
    }
  },
  120_000,
);
