// The shop without a broker and without waiting: the tests that an application would have beside its integration tests.
import { explore, testHandler, testPubSub, type TestPubSub } from "@anytopic/testing";
import { Reject } from "@anytopic/core";
import { describe, expect, onTestFinished, test, vi } from "vitest";
// oxlint-disable-next-line no-unassigned-import -- it adds the matchers to expect
import "@anytopic/testing/vitest";

import { openDatabase } from "../src/shop/database/open-database.ts";
import { Journal } from "../src/shop/journal.ts";
import { startMail } from "../src/shop/mail.ts";
import { startStorefront } from "../src/shop/storefront.ts";
import {
  CountSales,
  MailRequested,
  MailSent,
  OrderPlaced,
  OrderShipped,
  publishedByOutbox,
  ReserveStock,
  SendMail,
  type Order,
} from "../src/shop/topics.ts";
import { startWarehouse } from "../src/shop/warehouse.ts";

// Many days of the shop, which need the processor.
vi.setConfig({ testTimeout: 100_000 });

const order = (number: string, customer: string, item: Order["item"] = "mouse"): Order => ({
  order: number,
  customer,
  address: `${customer}@example.com`,
  item,
  quantity: 1,
});

/**
 * All services of the shop, with a file of SQLite and a relay that looks in virtual time. The warehouse finds everything, unless `lost`
 * says otherwise.
 */
async function openShop({ pubsub, clock }: TestPubSub, lost: (order: Order, attempt: number) => boolean = () => false) {
  const journal = new Journal();
  const database = await openDatabase(undefined);
  onTestFinished(async () => await database[Symbol.asyncDispose]());
  // Nobody needs these days after a power cut, and waiting for the disk is most of their time.
  await database.pool.query("PRAGMA synchronous = OFF", []);
  const relay = await database.outbox.relay(pubsub, { pool: database.pool, topics: publishedByOutbox, clock });
  onTestFinished(async () => await relay.close());
  const mail = await startMail(pubsub, journal);
  const warehouse = await startWarehouse(pubsub, database, journal, (wanted, attempt) => {
    if (lost(wanted, attempt)) throw new Error(`cannot find a ${wanted.item}`);
  });
  const storefront = await startStorefront(pubsub, database, journal);
  return { journal, mail, warehouse, storefront, relay, pool: database.pool };
}

type Shop = Awaited<ReturnType<typeof openShop>>;

const isEmpty = async ({ relay }: Shop): Promise<boolean> => (await relay.stats()).waiting === 0;

/** Runs until neither the broker nor the outbox has a message. After a failed publish the relay waits, and nothing else knows of it. */
async function runToEnd(kit: TestPubSub, shop: Shop): Promise<void> {
  let wasEmpty: boolean;
  do {
    wasEmpty = await isEmpty(shop);
    if (!wasEmpty) await kit.advance(1000);
    await kit.runToQuiescence();
  } while (!wasEmpty || !(await isEmpty(shop)));
}

describe("an order", () => {
  test("is placed once, however often somebody clicks", async (t) => {
    const kit = await testPubSub(t);
    const { storefront } = await openShop(kit);
    await storefront.placeOrder(order("1", "ada"));
    await storefront.placeOrder(order("1", "ada"));
    await kit.runToQuiescence();
    expect(kit).toHaveHandled(CountSales, { order: "1" }, { times: 1 });
    expect(kit).toHavePublished(MailSent, { order: "1", to: "ada@example.com" }, { times: 1 });
  });

  test("waits for an earlier one of the same customer, and not for those of others", async (t) => {
    const kit = await testPubSub(t);
    const { storefront } = await openShop(kit, (wanted, attempt) => wanted.order === "1" && attempt < 3);
    await storefront.placeOrder(order("1", "ada"));
    await storefront.placeOrder(order("2", "ada"));
    await storefront.placeOrder(order("3", "grace"));

    await kit.deliver(OrderPlaced);
    expect(kit).toHaveHandled(ReserveStock, { order: "1" }, { outcome: "retried" });
    expect(kit).toHaveHandled(ReserveStock, { order: "3" });
    expect(kit.delayed()).toMatchObject([{ subscription: "reserve-stock", attempt: 2 }]);
    // The retries come after 1 and 2 seconds.
    await kit.advance(2_999);
    expect(kit).not.toHaveHandled(ReserveStock, { order: "2" });
    await kit.advance(1);
    expect(kit.published(OrderShipped).map(({ event }) => event.order)).toEqual(["3", "1", "2"]);
  });
});

describe("a mail", () => {
  test("to an address that is none is a dead letter at once, and is sent when the address is corrected", async (t) => {
    const kit = await testPubSub(t);
    const { mail } = await openShop(kit);
    await kit.pubsub.publish(MailRequested, { order: "1", customer: "ada", to: "ada(at)example.com", text: "hello" });
    await kit.deliver(SendMail);
    expect(kit).toHaveDeadLettered(SendMail, { order: "1" }, { because: "rejected", times: 1 });
    await mail.release((address) => address.replace("(at)", "@"));
    await kit.runToQuiescence();
    expect(kit).toHavePublished(MailSent, { to: "ada@example.com" });
  });

  test("handler alone: the outcome of one attempt", async () => {
    const handler = ({ to }: { readonly to: string }): void => {
      if (!to.includes("@")) throw new Reject(`${to} is not an address`);
      throw new Error("the mail server is down");
    };
    const mail = { order: "1", customer: "ada", to: "ada@example.com", text: "hello" };
    expect(await testHandler(SendMail, handler, mail)).toMatchObject({ outcome: "retried", delayMs: 1000 });
    expect(await testHandler(SendMail, handler, { ...mail, to: "ada" })).toMatchObject({ outcome: "dead-lettered" });
  });
});

test("whatever goes wrong, every order is shipped and counted once, and its customer gets one mail", async () => {
  const orders = ["1", "2", "3", "4"].map((number) => order(number, Number(number) % 2 === 0 ? "ada" : "grace"));
  let shop: Shop | undefined;
  const explored = await explore(
    async (kit) => {
      shop = await openShop(kit);
      // Somebody clicks twice.
      for (const placed of [...orders, ...orders]) await shop.storefront.placeOrder(placed);
    },
    {
      runs: 40,
      rate: 0.05,
      async check(kit) {
        if (shop === undefined) throw new Error("the shop was not opened");
        await runToEnd(kit, shop);
        expect(shop.storefront.sales.get("mouse")).toBe(orders.length);
        expect((await shop.warehouse.stock()).get("mouse")).toBe(10 - orders.length);
        const shipments = await shop.pool.query("SELECT order_id FROM shipment ORDER BY order_id", []);
        expect(shipments.map(({ order_id }) => order_id)).toEqual(orders.map(({ order }) => order));
        expect(shop.mail.sent.size).toBe(orders.length);
        expect(shop.journal.count("closed")).toBe(orders.length);
      },
    },
  );
  expect(explored.faults).toBeGreaterThan(40);
});
