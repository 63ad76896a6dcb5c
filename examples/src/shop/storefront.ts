import type { PubSub } from "@anytopic/core";

import type { ShopDatabase } from "./database/shop-database.ts";
import type { Journal } from "./journal.ts";
import { CountSales, MailRequested, OrderPlaced, TrackMail, TrackShipment, type Item, type Order } from "./topics.ts";

export interface Storefront {
  /** The number of orders by item; an order counts as often as it was handled. */
  readonly sales: ReadonlyMap<Item, number>;
  readonly salesCounted: () => number;
  /** May be called again with the same order, when somebody clicks twice: its id makes it one order. */
  readonly placeOrder: (order: Order) => Promise<void>;
}

/** Takes orders, tracks them, and requests mails to customers. */
export async function startStorefront(
  pubsub: PubSub,
  { transaction, outbox, inbox }: ShopDatabase,
  journal: Journal,
): Promise<Storefront> {
  const sales = new Map<Item, number>();
  let salesCounted = 0;

  await pubsub.subscribe(CountSales, ({ item, quantity }) => {
    salesCounted += 1;
    sales.set(item, (sales.get(item) ?? 0) + quantity);
  });

  await pubsub.subscribe(
    TrackShipment,
    // The topic is at-least-once. A message that comes again finds its mark in the inbox, and changes nothing.
    inbox.inTransaction(TrackShipment, transaction, async (order, { attempt, tx }) => {
      journal.addOnce("mail requested", order, attempt);
      await tx.query("INSERT INTO shipment (order_id, address) VALUES ($1, $2)", [order.order, order.address]);
      const mail = {
        order: order.order,
        customer: order.customer,
        to: order.address,
        text: `${order.quantity} x ${order.item} on the way`,
      };
      await outbox.publish(tx, MailRequested, mail, { id: `mail-${order.order}` });
    }),
  );

  await pubsub.subscribe(TrackMail, (mail, { attempt }) => {
    journal.addOnce("closed", mail, attempt);
  });

  return {
    sales,
    salesCounted: () => salesCounted,
    async placeOrder(order): Promise<void> {
      journal.addOnce("placed", order);
      await transaction(async (tx) => {
        const { order: id, customer, item, quantity } = order;
        const inserted = await tx.query(
          `INSERT INTO customer_order (id, customer, item, quantity) VALUES ($1, $2, $3, $4)
           ON CONFLICT (id) DO NOTHING RETURNING id`,
          [id, customer, item, quantity],
        );
        // An order that is there was published too: both were one transaction.
        if (inserted.length > 0) await outbox.publish(tx, OrderPlaced, order, { id: `order-${id}` });
      });
    },
  };
}
