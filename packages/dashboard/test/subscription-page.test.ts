import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { dashboard, dashboardEvents, type DashboardOptions, type Permission } from "../src/index.ts";
import { expectVisible } from "./expect-visible.ts";
import { browserPath, serve, startBrowser } from "./page.ts";

let browser: Browser;

async function openPage(
  options: Omit<DashboardOptions, "authorize">,
  path: string,
  can: readonly Permission[] = ["pause"],
): Promise<Page> {
  const handler = dashboard({ statisticsEveryMs: 1000, ...options, authorize: () => ({ user: "ada", can }) });
  const served = await serve(handler);
  const context = await browser.newContext();
  onTestFinished(async () => {
    await context.close();
    await handler.close();
    await served.close();
  });
  context.setDefaultTimeout(8000);
  const page = await context.newPage();
  page.on("pageerror", (error) => expect.fail(error.message));
  await page.goto(served.url + path);
  return page;
}

const Orders = defineTopic<number>("orders");
const Mail = defineSubscription(Orders, "mail", { retryPolicy: { minBackoffMs: 60_000 } });
const Stock = defineSubscription(Orders, "stock");
const declarations = [Orders, Mail, Stock];

describe.skipIf(browserPath === undefined)("the screens of subscriptions", { timeout: 60_000 }, () => {
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(async () => await browser.close());

  test("pause and resume a running worker with the keyboard", async () => {
    await using pubsub = await connect(memory(), { declarations });
    const handled: number[] = [];
    await using worker = await pubsub.subscribe(Mail, (order) => void handled.push(order));
    const page = await openPage({ pubsub, declarations }, "/subscription?of=orders/mail");
    await page.getByRole("button", { name: "Pause" }).focus();
    await page.keyboard.press("Enter");
    await expectVisible(page.getByRole("status").filter({ hasText: "Paused 1 worker." }));
    expect(worker.health().state).toBe("paused");
    await pubsub.publish(Orders, 1);
    await page
      .getByRole("definition")
      .filter({ hasText: /^1\s*$/ })
      .first()
      .waitFor();
    expect(handled).toEqual([]);
    // The button keeps the focus, and does the opposite now.
    await expectVisible(page.getByRole("button", { name: "Resume" }));
    await page.keyboard.press("Enter");
    await expectVisible(page.getByRole("status").filter({ hasText: "Resumed 1 worker." }));
    await expect.poll(() => handled).toEqual([1]);
  });

  test("say why there is no button to pause", async () => {
    await using pubsub = await connect(memory(), { declarations });
    await pubsub.subscribe(Mail, () => {});
    const stock = await openPage({ pubsub, declarations }, "/subscription?of=orders/stock");
    await expectVisible(stock.getByText("does not handle this subscription"));
    expect(await stock.getByRole("button", { name: "Pause" }).count()).toBe(0);
    const mail = await openPage({ pubsub, declarations }, "/subscription?of=orders/mail", []);
    await expectVisible(mail.getByText("You are not allowed to pause or resume here"));
    expect(await mail.getByRole("button", { name: "Pause" }).count()).toBe(0);
  });

  test("sort by a column, and keep it in the address", async () => {
    await using pubsub = await connect(memory(), { declarations });
    await pubsub.publish(Orders, 1);
    await pubsub.subscribe(Mail, () => {});
    const page = await openPage({ pubsub, declarations }, "/subscriptions");
    const names = async (): Promise<readonly string[]> => await page.getByRole("rowheader").allTextContents();
    await expect.poll(names).toEqual(["orders/mail", "orders/stock"]);
    await page.getByRole("button", { name: "Waiting" }).click();
    await expect.poll(names).toEqual(["orders/stock", "orders/mail"]);
    expect(await page.getByRole("columnheader", { name: "Waiting" }).getAttribute("aria-sort")).toBe("descending");
    await page.reload();
    await expect.poll(names).toEqual(["orders/stock", "orders/mail"]);
    // Nobody tells rates: a dash that says why.
    await page.getByText("start the services with the observer to see rates").first().waitFor({ state: "attached" });
    await page.getByRole("link", { name: "orders/stock", exact: true }).click();
    await expectVisible(page.getByRole("heading", { name: "orders/stock" }));
  });

  test("show errors as text, whatever is in them", async () => {
    const events = dashboardEvents({ service: "<b>shop</b>" });
    await using pubsub = await connect(memory(), { declarations, observer: events.observe });
    await pubsub.subscribe(Mail, () => {
      throw new Error(`<img src=x onerror="window.hacked = true">\u202Egnp.exe ${"x".repeat(1_000_000)}`);
    });
    const page = await openPage({ pubsub, declarations, events }, "/subscription?of=orders/mail");
    await pubsub.publish(Orders, 1);
    await expectVisible(page.getByText('<img src=x onerror="window.hacked = true">\\u202egnp.exe'));
    await expectVisible(page.getByText("As told by <b>shop</b>."));
    expect(await page.evaluate(() => "hacked" in window)).toBe(false);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
  });

  test("say what to do about a subscription that is not declared", async () => {
    await using pubsub = await connect(memory(), { declarations });
    const page = await openPage({ pubsub, declarations }, "/subscription?of=orders/nobody");
    await expectVisible(page.getByRole("alert").filter({ hasText: "no such subscription is declared" }));
    await page.getByRole("link", { name: "All subscriptions" }).click();
    await expectVisible(page.getByRole("heading", { name: "Subscriptions" }));
  });

  test("connections are shown with what they can do", async () => {
    await using pubsub = await connect(memory(), { declarations });
    const page = await openPage({ pubsub, declarations }, "/connections");
    const panel = page.getByRole("region", { name: "Connection default" });
    await expectVisible(panel.getByText(pubsub.server));
    await expectVisible(page.getByRole("row", { name: "Order by ordering key" }));
    await panel.getByText("the dashboard was not given the configuration").waitFor({ state: "attached" });
  });
});
