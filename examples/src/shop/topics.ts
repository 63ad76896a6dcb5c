import { defineSubscription, defineTopic } from "@anytopic/core";
import { z } from "zod";

const Order = z.object({
  order: z.string(),
  customer: z.string(),
  address: z.string(),
  item: z.enum(["keyboard", "monitor", "mouse"]),
  quantity: z.int().positive(),
});

const Mail = z.object({ order: z.string(), customer: z.string(), to: z.string(), text: z.string() });

export type Order = z.infer<typeof Order>;
export type Item = Order["item"];
export type Mail = z.infer<typeof Mail>;

const perCustomer = { schema: Order, orderingKey: ({ customer }: Order) => customer } as const;

/** Orders of one customer are handled one after the other, each of them once. */
export const OrderPlaced = defineTopic("shop-order-placed", { ...perCustomer, deliveryGuarantee: "exactly-once" });
export const StockReserved = defineTopic("shop-stock-reserved", { ...perCustomer, deliveryGuarantee: "exactly-once" });
export const OrderShipped = defineTopic("shop-order-shipped", perCustomer);
export const MailRequested = defineTopic("shop-mail-requested", { schema: Mail });
export const MailSent = defineTopic("shop-mail-sent", { schema: Mail });

// Whole seconds, and no jitter: every broker can keep these delays.
const retryPolicy = { minBackoffMs: 1000, maxBackoffMs: 2000, maxRetries: 10, jitter: 0 };

export const ReserveStock = defineSubscription(OrderPlaced, "reserve-stock", { retryPolicy });
export const CountSales = defineSubscription(OrderPlaced, "count-sales", { retryPolicy });
export const ShipOrder = defineSubscription(StockReserved, "ship-order", { retryPolicy });
export const TrackShipment = defineSubscription(OrderShipped, "track-shipment", { retryPolicy });
export const SendMail = defineSubscription(MailRequested, "send-mail", { retryPolicy });
export const TrackMail = defineSubscription(MailSent, "track-mail", { retryPolicy });

/** Published in a transaction; the relay needs to know. */
export const publishedByOutbox = [OrderPlaced, StockReserved, MailRequested] as const;

/** All declarations, for provisioning and cleanup. */
export const declarations = [
  OrderPlaced,
  StockReserved,
  OrderShipped,
  MailRequested,
  MailSent,
  ReserveStock,
  CountSales,
  ShipOrder,
  TrackShipment,
  SendMail,
  TrackMail,
] as const;
