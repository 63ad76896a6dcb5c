// The shop with its database open after the day: what main.ts does, and then a look into the tables.
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import { connect } from "@anytopic/core";
import { Pool } from "pg";
import { expect, onTestFinished, test } from "vitest";

import { openDatabase } from "../src/shop/database/open-database.ts";
import type { ShopDatabase } from "../src/shop/database/shop-database.ts";
import { Journal } from "../src/shop/journal.ts";
import { startStorefront } from "../src/shop/storefront.ts";
import { tellShopStory } from "../src/shop/story.ts";
import { publishedByOutbox } from "../src/shop/topics.ts";
import { postgresOrSkip } from "./postgres-or-skip.ts";
import { runExample } from "./run-example.ts";

/** The story gives up by itself after 90 s. */
const PATIENCE_MS = 120_000;

const folder = fileURLToPath(new URL("../shop/", import.meta.url));
const report = readFileSync(`${folder}report.txt`, "utf8");
const ORDERS = ["1001", "1002", "1003", "1004", "1005", "1006"];

async function openShop(url: string | undefined) {
  const database = await openDatabase(url);
  onTestFinished(async () => await database[Symbol.asyncDispose]());
  const pubsub = await connect(`memory:${randomUUID()}`, { inbox: database.inbox });
  onTestFinished(async () => await pubsub.close());
  const { pool, outbox } = database;
  const relay = await outbox.relay(pubsub, { pool, topics: publishedByOutbox });
  onTestFinished(async () => await relay.close());
  return { database, pubsub, relay };
}

async function valuesOf({ pool }: ShopDatabase, sql: string): Promise<readonly string[]> {
  return (await pool.query(`SELECT ${sql}`, [])).map(({ value }) => String(value));
}

const DATABASES = [
  { name: "PostgreSQL", urlOrSkip: postgresOrSkip },
  { name: "SQLite", urlOrSkip: () => Promise.resolve("") },
];

test.for(DATABASES)(
  "after a day on $name every order has its effects once, and the outbox is empty",
  { timeout: PATIENCE_MS },
  async ({ name, urlOrSkip }, context) => {
    const url = await urlOrSkip();
    if (url === undefined) return context.skip(`no ${name}`);
    const { database, pubsub, relay } = await openShop(url);
    expect(await tellShopStory({ storefront: pubsub, warehouse: pubsub, mail: pubsub }, database)).toBe(report);
    await relay.drained();
    expect(await relay.stats()).toMatchObject({ waiting: 0, held: 0, parked: 0 });
    // Orders, shipments and mails: what the relay has published, each of them once.
    expect(relay.health()).toMatchObject({ status: "up", published: 3 * ORDERS.length });
    expect(await valuesOf(database, "id AS value FROM customer_order ORDER BY id")).toEqual(ORDERS);
    expect(await valuesOf(database, "order_id AS value FROM reservation ORDER BY order_id")).toEqual(ORDERS);
    expect(await valuesOf(database, "order_id AS value FROM shipment ORDER BY order_id")).toEqual(ORDERS);
    expect(
      await valuesOf(
        database,
        "message_id AS value FROM anytopic_inbox WHERE subscription = 'shop-order-placed/reserve-stock' AND lease_until IS NULL ORDER BY message_id",
      ),
    ).toEqual(ORDERS.map((order) => `order-${order}`));
  },
);

test.for(DATABASES)(
  "an order that is refused on $name is neither stored nor announced",
  { timeout: PATIENCE_MS },
  async ({ name, urlOrSkip }, context) => {
    const url = await urlOrSkip();
    if (url === undefined) return context.skip(`no ${name}`);
    const { database, pubsub, relay } = await openShop(url);
    const storefront = await startStorefront(pubsub, database, new Journal());
    const order = { order: "1", customer: "ada", address: "ada@example.com", item: "mouse", quantity: 0 } as const;
    await expect(storefront.placeOrder(order)).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
    expect(await valuesOf(database, "id AS value FROM customer_order")).toEqual([]);
    await storefront.placeOrder({ ...order, quantity: 1 });
    expect(await valuesOf(database, "id AS value FROM customer_order")).toEqual(["1"]);
    await relay.drained();
    expect(relay.health().published).toBe(1);
  },
);

test("a run leaves no schema in PostgreSQL", { timeout: PATIENCE_MS }, async (context) => {
  const url = await postgresOrSkip();
  if (url === undefined) return context.skip("no PostgreSQL");
  const database = await openDatabase(url);
  const [schema = ""] = await valuesOf(database, "current_schema() AS value");
  expect(schema).toMatch(/^anytopic_shop_/);
  await database[Symbol.asyncDispose]();
  const pool = new Pool({ connectionString: url });
  onTestFinished(async () => await pool.end());
  const { rows } = await pool.query("SELECT 1 FROM pg_namespace WHERE nspname = $1", [schema]);
  expect(rows).toEqual([]);
});

test("a run leaves no file of SQLite", async () => {
  const database = await openDatabase(undefined);
  const [path = ""] = await valuesOf(database, "file AS value FROM pragma_database_list");
  expect(existsSync(path)).toBe(true);
  await database[Symbol.asyncDispose]();
  expect(existsSync(dirname(path))).toBe(false);
});

test("the program reports the same day with PostgreSQL", { timeout: PATIENCE_MS }, async (context) => {
  const url = await postgresOrSkip();
  if (url === undefined) return context.skip("no PostgreSQL");
  const env = { ANYTOPIC_CONFIG: `${folder}memory.config.json`, DATABASE_URL: url };
  expect(await runExample("shop/main.ts", [], env)).toEqual({ exitCode: 0, output: report, errors: "" });
});

test.for([
  ["another database", { DATABASE_URL: "mysql://root:geheim@127.0.0.1/test" }, /DATABASE_URL is not of PostgreSQL/],
  [
    "a server that does not answer",
    { DATABASE_URL: "postgres://root:geheim@127.0.0.1:1/test" },
    /the database of DATABASE_URL cannot be used: connect ECONNREFUSED/,
  ],
  ["a Node without SQLite", { NODE_OPTIONS: "--no-experimental-sqlite" }, /node:sqlite cannot be loaded: take Node/],
] as const)("%s: one sentence that says what to do", { timeout: PATIENCE_MS }, async ([, env, message]) => {
  const run = await runExample("shop/main.ts", [], { ANYTOPIC_CONFIG: `${folder}memory.config.json`, ...env });
  expect(run.errors).toMatch(message);
  expect(run.errors).not.toMatch(/\n\s+at |geheim/);
  expect(run).toMatchObject({ exitCode: 1, output: "" });
});
