import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { dashboard, type DashboardOptions } from "../src/index.ts";
import { expectVisible } from "./expect-visible.ts";
import { browserPath, serve, startBrowser } from "./page.ts";

let browser: Browser;

/** The page of a dashboard. What goes wrong in it ends the test. */
async function openPage(options: Omit<DashboardOptions, "authorize">, path = "/", width = 1280): Promise<Page> {
  const handler = dashboard({
    statisticsEveryMs: 1000,
    ...options,
    authorize: () => ({ user: "ada", can: ["pause"] }),
  });
  const served = await serve(handler);
  const context = await browser.newContext({ viewport: { width, height: 900 } });
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

async function many(): Promise<{ readonly pubsub: PubSub; readonly declarations: DashboardOptions["declarations"] }> {
  const topics = Array.from({ length: 20 }, (_, number) => defineTopic(`topic-${number}`));
  const declarations = topics.flatMap((topic) => [
    topic,
    ...Array.from({ length: 10 }, (_, number) => defineSubscription(topic, `subscription-${number}`)),
  ]);
  const pubsub = await connect(memory(), { declarations });
  onTestFinished(async () => await pubsub.close());
  return { pubsub, declarations };
}

/** The accessible name of what has the focus. */
async function focused(page: Page): Promise<string> {
  return await page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? "");
}

describe.skipIf(browserPath === undefined)("the topology", { timeout: 60_000 }, () => {
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(async () => await browser.close());

  test("is walked and opened with the keyboard alone", async () => {
    const Orders = defineTopic("orders");
    const Mail = defineSubscription(Orders, "mail");
    const Stock = defineSubscription(Orders, "stock");
    await using pubsub = await connect(memory(), { declarations: [Mail, Stock] });
    await pubsub.publish(Orders, {});
    const page = await openPage({ pubsub, declarations: [Orders, Mail, Stock] });
    await expectVisible(page.getByRole("link", { name: "topic orders: 2 subscriptions" }));
    let tabs = 0;
    for (; tabs < 30 && !(await focused(page)).startsWith("topic "); tabs += 1) await page.keyboard.press("Tab");
    expect(tabs).toBeLessThan(30);
    await page.keyboard.press("ArrowRight");
    expect(await focused(page)).toBe("subscription orders/mail: fine, 1 waiting");
    await page.keyboard.press("ArrowDown");
    expect(await focused(page)).toBe("subscription orders/stock: fine, 1 waiting");
    await page.keyboard.press("ArrowRight");
    expect(await focused(page)).toBe("dead letters of orders/stock: 0");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Home");
    // What is not connected with mail is faded; orders and its letters are not.
    expect(await page.locator(".node.faded").count()).toBe(2);
    // The diagram is one stop: the next one is outside.
    await page.keyboard.press("Tab");
    expect(await page.locator("svg.diagram :focus").count()).toBe(0);
    await page.keyboard.press("Shift+Tab");
    expect(await focused(page)).toBe("subscription orders/mail: fine, 1 waiting");
    await page.keyboard.press("Enter");
    await expectVisible(page.getByRole("heading", { name: "orders/mail" }));
    expect(new URL(page.url()).searchParams.get("of")).toBe("orders/mail");
  });

  test("of 200 subscriptions shows those with trouble first, and finds others by name", async () => {
    const { pubsub, declarations } = await many();
    const broken = declarations.find(({ kind, name }) => kind === "subscription" && name === "subscription-7");
    const stats = pubsub.stats.bind(pubsub);
    pubsub.stats = async (subscription, options) => {
      const numbers = await stats(subscription, options);
      return subscription === broken ? { ...numbers, deadLetters: 3 } : numbers;
    };
    const page = await openPage({ pubsub, declarations });
    const troubled = page.getByRole("link", { name: /^subscription topic-0\/subscription-7: needs a look/ });
    await expectVisible(troubled);
    expect(await page.locator(".node.subscription").count()).toBe(1);
    expect((await troubled.boundingBox())?.y).toBeLessThan(300);
    await expectVisible(page.getByText("20 topics, 200 subscriptions: 1 needs a look."));
    await page.getByRole("button", { name: /^show 10 subscriptions of topic-3 without a problem/ }).focus();
    await page.keyboard.press("Enter");
    await expect.poll(async () => await page.locator(".node.subscription").count()).toBe(11);
    expect(await focused(page)).toMatch(/^topic topic-3/);
    await page.getByRole("searchbox", { name: "Filter by name" }).fill("topic-12/");
    await expect.poll(async () => await page.locator(".node.subscription").count()).toBe(10);
    await page.getByRole("searchbox").fill("");
    await page.getByRole("checkbox", { name: "Only with a problem" }).check();
    await expect.poll(async () => await page.locator(".node.topic").count()).toBe(1);
    await page.reload();
    await expectVisible(troubled);
    expect(await page.locator(".node.topic").count()).toBe(1);
    await page.getByRole("searchbox").fill("nothing-like-this");
    await expectVisible(page.getByText("Nothing has this name."));
  });

  test("of 200 subscriptions is painted soon", async () => {
    const page = await openPage(await many());
    await expectVisible(page.locator(".node.topic").nth(19));
    const measured = await page.evaluate(() => ({
      paints: performance.getEntriesByType("paint").map(({ name, startTime }) => `${name} ${Math.round(startTime)} ms`),
      diagramMs: Math.round(performance.now()),
    }));
    process.stdout.write(`200 subscriptions: ${measured.paints.join(", ")}, diagram within ${measured.diagramMs} ms\n`);
    expect(measured.paints).not.toEqual([]);
  });

  test("is a table for screen readers and on narrow screens", async () => {
    const { pubsub, declarations } = await many();
    const page = await openPage({ pubsub, declarations });
    await page.getByRole("button", { name: "Table" }).click();
    await expectVisible(page.getByRole("table", { name: "Topics with their subscriptions" }));
    expect(await page.getByRole("row").count()).toBe(221);
    const narrow = await openPage({ pubsub, declarations }, "/?filter=topic-1/", 400);
    await expectVisible(narrow.getByRole("table"));
    expect(await narrow.locator("svg.diagram").count()).toBe(0);
    expect(await narrow.evaluate(() => document.documentElement.scrollWidth)).toBe(400);
  });

  test("shows what is not applied, with the command, until it is applied", async () => {
    const Orders = defineTopic("orders");
    const Mail = defineSubscription(Orders, "mail");
    const declarations = [Orders, Mail];
    await using pubsub = await connect(memory(), { provisioning: "off" });
    const page = await openPage({ pubsub, declarations });
    await expectVisible(page.getByText("2 declarations differ from the broker."));
    await expectVisible(page.getByRole("link", { name: /^topic orders: .*missing on the broker/ }));
    await page.getByRole("button", { name: "Show differences" }).click();
    const dialog = page.getByRole("dialog", { name: "Declarations and broker" });
    await expectVisible(dialog.getByText("anytopic apply orders/mail"));
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    await pubsub.apply(declarations);
    await page.getByRole("button", { name: "Compare again" }).click();
    await expectVisible(page.getByRole("dialog").getByText("The broker has everything as declared."));
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
    await page.getByText("declarations differ").waitFor({ state: "hidden" });
    await expectVisible(page.getByRole("link", { name: "topic orders: 1 subscription", exact: true }));
  });

  test("says what to do when nothing is declared", async () => {
    await using pubsub = await connect(memory());
    const page = await openPage({ pubsub, declarations: [] });
    await expectVisible(page.getByText("No topic is declared yet."));
  });
});
