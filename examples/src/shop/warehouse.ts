import type { PubSub } from "@anytopic/core";

import type { ShopDatabase } from "./database/shop-database.ts";
import type { Journal } from "./journal.ts";
import { OrderShipped, ReserveStock, ShipOrder, StockReserved, type Item, type Order } from "./topics.ts";

/** Looks for the goods; throws if it cannot find them. */
export type Scanner = (order: Order, attempt: number) => void;

export interface Warehouse {
  /** What is left on the shelves. */
  readonly stock: () => Promise<ReadonlyMap<Item, number>>;
}

/** Reserves and ships. The code guards neither against duplicates nor against its own failed attempts: topics, inbox and transaction do. */
export async function startWarehouse(
  pubsub: PubSub,
  { pool, transaction, outbox, inbox }: ShopDatabase,
  journal: Journal,
  scan: Scanner,
): Promise<Warehouse> {
  await pubsub.subscribe(
    ReserveStock,
    inbox.inTransaction(ReserveStock, transaction, async (order, { attempt, tx }) => {
      try {
        scan(order, attempt);
      } catch (error) {
        journal.add("reservation failed", order, attempt);
        // Retried by the policy of the subscription. Later orders of this customer wait, those of others do not.
        throw error;
      }
      journal.addOnce("reserved", order, attempt);
      const { order: id, item, quantity } = order;
      // The mark in the inbox, these two changes and the event: all of them are committed, or none.
      await tx.query("UPDATE stock SET quantity = quantity - $1 WHERE item = $2", [quantity, item]);
      await tx.query("INSERT INTO reservation (order_id, item, quantity) VALUES ($1, $2, $3)", [id, item, quantity]);
      await outbox.publish(tx, StockReserved, order, { id: `reserved-${id}` });
    }),
  );

  // It writes nothing, so it needs no transaction. An attempt that comes again publishes the same id.
  await pubsub.subscribe(ShipOrder, async (order, { attempt }) => {
    journal.addOnce("shipped", order, attempt);
    await pubsub.publish(OrderShipped, order, { id: `shipped-${order.order}` });
  });

  return {
    async stock(): Promise<ReadonlyMap<Item, number>> {
      const rows = await pool.query("SELECT item, quantity FROM stock", []);
      return new Map(rows.map(({ item, quantity }) => [item as Item, Number(quantity)]));
    },
  };
}
