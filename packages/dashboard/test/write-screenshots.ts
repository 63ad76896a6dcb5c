// Draws the pictures of docs/guides/dashboard.md: a small system in memory that runs while a real browser looks at it.
// node --conditions=@anytopic/source packages/dashboard/test/write-screenshots.ts
import { setTimeout as sleep } from "node:timers/promises";
import { connect, defineSubscription, defineTopic, Reject } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { z } from "zod";
import { dashboard, dashboardEvents } from "../src/index.ts";
import { serve, startBrowser } from "./page.ts";

const Order = z.object({ order: z.int(), customer: z.string(), item: z.enum(["keyboard", "monitor", "mouse"]) });
const Orders = defineTopic("orders", { schema: Order, orderingKey: ({ customer }) => customer });
const Signups = defineTopic("signups", { schema: z.object({ email: z.email() }) });
const Payments = defineTopic("payments", { deliveryGuarantee: "exactly-once" });
const Reserve = defineSubscription(Orders, "reserve-stock");
const Ship = defineSubscription(Orders, "ship");
const Notify = defineSubscription(Orders, "notify", { retryPolicy: { minBackoffMs: 500, maxBackoffMs: 1000 } });
const Welcome = defineSubscription(Signups, "send-welcome-email");
const Ledger = defineSubscription(Payments, "ledger");
const declarations = [Orders, Signups, Payments, Reserve, Ship, Notify, Welcome, Ledger];

const CUSTOMERS = ["ada", "grace", "edsger", "barbara", "alan"] as const;
const ITEMS = ["keyboard", "monitor", "mouse"] as const;
const RUNS_MS = 12_000;

const events = dashboardEvents({ service: "shop" });
const pubsub = await connect(memory(), { declarations, instrumentation: [events] });
await pubsub.subscribe(Reserve, ({ order }) => {
  if (order % 9 === 0) throw new Reject(`no stock for order ${order}`);
});
await pubsub.subscribe(Ship, async () => await sleep(15));
await pubsub.subscribe(Notify, ({ order }, { attempt }) => {
  if (order % 6 === 0 && attempt < 3) throw new Error("mail server said 451");
});
await pubsub.subscribe(Welcome, ({ email }) => {
  if (email.startsWith("edsger")) throw new Reject("the address does not exist");
});

let count = 0;
const timer = setInterval(() => {
  const [order, customer = "ada", item = "mouse"] = [++count, CUSTOMERS[count % 5], ITEMS[count % 3]];
  void pubsub.publish(Orders, { order, customer, item });
  if (count % 5 === 0) void pubsub.publish(Signups, { email: `${customer}@example.com` });
  if (count % 8 === 0) void pubsub.publish(Signups, { email: "edsger@example.com" });
  if (count % 4 === 0) void pubsub.publish(Payments, { order });
}, 50);

const can = ["publish", "redrive", "purge", "pause", "tail"] as const;
const handler = dashboard({
  pubsub,
  declarations,
  events,
  statisticsEveryMs: 1000,
  authorize: () => ({ user: "you", can }),
});
const served = await serve(handler);
const browser = await startBrowser();
const PICTURES = [
  ["topology", "/", "light"],
  ["subscription", "/subscription?of=orders/notify", "light"],
  ["letters", "/letters?of=orders/reserve-stock", "light"],
  ["live", "/live", "dark"],
  ["publish", "/publish", "light"],
  ["cost", "/cost", "light"],
] as const;
for (const [name, path, colorScheme] of PICTURES) {
  const page = await browser.newPage({ colorScheme, viewport: { width: 1200, height: 720 } });
  await page.goto(`${served.url}${path}`);
  // The first screen waits until there is something to see.
  await sleep(name === "topology" ? RUNS_MS : 2500);
  await page.screenshot({ path: new URL(`../../../docs/images/dashboard-${name}.png`, import.meta.url).pathname });
  await page.close();
}
clearInterval(timer);
await browser.close();
await handler.close();
await served.close();
await pubsub.close();
