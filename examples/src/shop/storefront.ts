import type { PubSub } from "@anytopic/core";

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
export async function startStorefront(pubsub: PubSub, journal: Journal): Promise<Storefront> {
  const sales = new Map<Item, number>();
  let salesCounted = 0;

  await pubsub.subscribe(CountSales, ({ item, quantity }) => {
    salesCounted += 1;
    sales.set(item, (sales.get(item) ?? 0) + quantity);
  });

  await pubsub.subscribe(TrackShipment, async (order, { attempt }) => {
    journal.addOnce("mail requested", order, attempt);
    const mail = {
      order: order.order,
      customer: order.customer,
      to: order.address,
      text: `${order.quantity} x ${order.item} on the way`,
    };
    await pubsub.publish(MailRequested, mail, { id: `mail-${order.order}` });
  });

  await pubsub.subscribe(TrackMail, (mail, { attempt }) => {
    journal.addOnce("closed", mail, attempt);
  });

  return {
    sales,
    salesCounted: () => salesCounted,
    async placeOrder(order): Promise<void> {
      journal.addOnce("placed", order);
      await pubsub.publish(OrderPlaced, order, { id: `order-${order.order}` });
    },
  };
}
