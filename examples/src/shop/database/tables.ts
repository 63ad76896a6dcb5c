import type { SqlExecutor } from "@anytopic/sql";

/** The tables of the services. Those of the outbox and the inbox come from `applyMigrations`. */
const TABLES = [
  // Of the storefront.
  `CREATE TABLE customer_order (
    id text PRIMARY KEY,
    customer text NOT NULL,
    item text NOT NULL,
    quantity integer NOT NULL
  )`,
  // No key refuses a second shipment or reservation of an order: that there is one of each is the inbox's work.
  "CREATE TABLE shipment (order_id text NOT NULL, address text NOT NULL)",
  // Of the warehouse.
  "CREATE TABLE stock (item text PRIMARY KEY, quantity integer NOT NULL)",
  "CREATE TABLE reservation (order_id text NOT NULL, item text NOT NULL, quantity integer NOT NULL)",
  "INSERT INTO stock (item, quantity) VALUES ('keyboard', 10), ('monitor', 10), ('mouse', 10)",
];

export async function createTables(tx: SqlExecutor): Promise<void> {
  for (const statement of TABLES) await tx.query(statement, []);
}
