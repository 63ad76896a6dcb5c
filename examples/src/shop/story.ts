import type { DeadLetter, PubSub } from "@anytopic/core";

import type { ShopDatabase } from "./database/shop-database.ts";
import { Journal } from "./journal.ts";
import { startMail } from "./mail.ts";
import { report } from "./report.ts";
import { startStorefront } from "./storefront.ts";
import type { Item, Order } from "./topics.ts";
import { until } from "./until.ts";
import { startWarehouse } from "./warehouse.ts";

const ORDERS: readonly Order[] = [
  placed("1001", "ada", "keyboard", 1),
  placed("1002", "ada", "mouse", 2),
  placed("1003", "grace", "keyboard", 1),
  { ...placed("1004", "edsger", "mouse", 1), address: "edsger(at)example.com" },
  placed("1005", "ada", "monitor", 1),
  placed("1006", "grace", "mouse", 1),
];
const CLICKED_TWICE = "1003";
const HARD_TO_FIND = "1002";
const FOUND_AT_ATTEMPT = 3;
const PATIENCE_MS = 90_000;

/** The connection of each service. */
export interface ShopConnections {
  readonly storefront: PubSub;
  readonly warehouse: PubSub;
  readonly mail: PubSub;
}

/**
 * A day of the shop: six orders, one of them placed twice, one that the warehouse does not find at once, and one
 * whose mail cannot be sent until somebody corrects the address. Returns a report, which is the same on every broker.
 * Throws if the day does not end within 90 seconds.
 */
export async function tellShopStory(connections: ShopConnections, database: ShopDatabase): Promise<string> {
  const deadlineMs = Date.now() + PATIENCE_MS;
  const journal = new Journal();
  const mail = await startMail(connections.mail, journal);
  const warehouse = await startWarehouse(connections.warehouse, database, journal, ({ order, item }, attempt) => {
    if (order === HARD_TO_FIND && attempt < FOUND_AT_ATTEMPT) throw new Error(`cannot find a ${item}`);
  });
  const storefront = await startStorefront(connections.storefront, database, journal);

  for (const order of ORDERS) {
    await storefront.placeOrder(order);
    if (order.order === CLICKED_TWICE) await storefront.placeOrder(order);
  }
  const closed = (count: number) => () => journal.count("closed") >= count;
  await until("all orders but one are closed", deadlineMs, closed(ORDERS.length - 1));

  let deadLetter: DeadLetter | undefined;
  await until("a mail is a dead letter", deadlineMs, async () => {
    deadLetter ??= await mail.deadLetter();
    return deadLetter !== undefined;
  });
  if (deadLetter === undefined) throw new Error("there is no dead letter");
  let released = 0;
  await until("the mail is redriven", deadlineMs, async () => {
    released += await mail.release((address) => address.replace("(at)", "@"));
    return released > 0;
  });
  await until("all orders are closed", deadlineMs, closed(ORDERS.length));
  await until("all sales are counted", deadlineMs, () => storefront.salesCounted() >= ORDERS.length);
  await until("no dead letter is left", deadlineMs, async () => (await mail.deadLetter()) === undefined);

  return report({
    orders: ORDERS,
    journal: journal.entries,
    mails: mail.sent,
    sales: storefront.sales,
    stock: await warehouse.stock(),
    deadLetter,
    released,
  });
}

function placed(order: string, customer: string, item: Item, quantity: number): Order {
  return { order, customer, address: `${customer}@example.com`, item, quantity };
}
