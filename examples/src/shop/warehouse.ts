import type { PubSub } from "@anytopic/core";

import type { Journal } from "./journal.ts";
import { OrderShipped, ReserveStock, ShipOrder, StockReserved, type Item, type Order } from "./topics.ts";

/** Looks for the goods; throws if it cannot find them. */
export type Scanner = (order: Order, attempt: number) => void;

export interface Warehouse {
  /** What is left on the shelves. */
  readonly stock: ReadonlyMap<Item, number>;
}

/** Reserves and ships. Its topics are exactly-once: the code does not guard against duplicates, only against its own failed attempts. */
export async function startWarehouse(pubsub: PubSub, journal: Journal, scan: Scanner): Promise<Warehouse> {
  const stock = new Map<Item, number>([
    ["keyboard", 10],
    ["monitor", 10],
    ["mouse", 10],
  ]);

  await pubsub.subscribe(ReserveStock, async (order, { attempt }) => {
    try {
      scan(order, attempt);
    } catch (error) {
      journal.add("reservation failed", order, attempt);
      // Retried by the policy of the subscription. Later orders of this customer wait, those of others do not.
      throw error;
    }
    // An attempt that fails after this, because the publish fails, is retried.
    if (journal.addOnce("reserved", order, attempt)) {
      stock.set(order.item, (stock.get(order.item) ?? 0) - order.quantity);
    }
    await pubsub.publish(StockReserved, order, { id: `reserved-${order.order}` });
  });

  await pubsub.subscribe(ShipOrder, async (order, { attempt }) => {
    journal.addOnce("shipped", order, attempt);
    await pubsub.publish(OrderShipped, order, { id: `shipped-${order.order}` });
  });

  return { stock };
}
