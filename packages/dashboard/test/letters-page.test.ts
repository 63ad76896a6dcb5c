import { readFile } from "node:fs/promises";
import { connect, defineSubscription, defineTopic, type PubSub, Reject } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";

import { type Dashboard, dashboard, type Permission } from "../src/index.ts";
import { browserPath, serve, type Served, startBrowser } from "./page.ts";

const Order = z.object({ n: z.number({ error: "must be a number" }), note: z.string().optional() });
const Orders = defineTopic("orders", { schema: Order });
const Mail = defineSubscription(Orders, "mail", { retryPolicy: { maxRetries: 0 } });
const MOST_TABS = 120;

interface Shop {
  readonly pubsub: PubSub;
  readonly page: Page;
  readonly state: { repaired: boolean; handled: { readonly n: number }[] };
  readonly violations: string[];
  close(): Promise<void>;
}

/** The page of a subscription whose worker rejects everything until it is repaired. */
async function openShop(
  browser: Browser,
  failure: (n: number) => Error,
  can: readonly Permission[] = ["redrive", "purge"],
): Promise<Shop> {
  const pubsub = await connect(memory(), { declarations: [Mail] });
  const state: Shop["state"] = { repaired: false, handled: [] };
  await pubsub.subscribe(Mail, ({ n }) => {
    if (!state.repaired) throw failure(n);
    state.handled.push({ n });
  });
  const handler: Dashboard = dashboard({
    pubsub,
    declarations: [Orders, Mail],
    authorize: () => ({ user: "ada", can }),
  });
  const served: Served = await serve(handler);
  const page = await browser.newPage();
  const violations: string[] = [];
  page.on("pageerror", (error) => violations.push(String(error)));
  page.on("dialog", (dialog) => {
    violations.push(dialog.message());
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    if (/Refused|Content Security/.test(message.text())) violations.push(message.text());
  });
  await page.goto(`${served.url}/letters`);
  return {
    pubsub,
    page,
    state,
    violations,
    async close() {
      await page.close();
      await handler.close();
      await served.close();
      await pubsub.close();
    },
  };
}

/** Goes on with the tabulator key until the element has the focus, as somebody without a mouse does. */
async function tabTo(page: Page, target: Locator, key: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
  await target.waitFor();
  for (let tabs = 0; tabs < MOST_TABS; tabs += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`the focus does not come to ${target.toString()}`);
}

async function press(page: Page, target: Locator): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press("Enter");
}

describe.skipIf(browserPath === undefined)("the screens of dead letters", { timeout: 120_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(async () => await browser?.close());

  test("by keyboard alone: open a group and a letter, edit it wrong and right, redrive, and purge the rest", async () => {
    const shop = await openShop(browser, (n) => new Reject(n < 3 ? `no account ${n}` : "shop is closed"));
    const { page, pubsub, state } = shop;
    try {
      for (let n = 0; n < 5; n += 1) await pubsub.publish(Orders, { n });
      await expect.poll(async () => await pubsub.deadLetters(Mail).count()).toBe(5);
      await page.reload();
      await press(page, page.getByRole("link", { name: "orders/mail" }));
      await page.getByRole("heading", { name: "2 ways to fail" }).waitFor();
      await press(page, page.getByRole("link", { name: "Reject: no account #" }));
      await page.getByText("3 versions, such as:").waitFor();
      expect(await page.locator("table.letters tbody tr").count()).toBe(3);
      const link = page.locator("table.letters tbody th a").first();
      await press(page, link);
      await press(page, page.getByRole("button", { name: "Edit…" }));

      const body = page.getByRole("textbox", { name: "Body, as JSON" });
      const type = async (text: string): Promise<void> => {
        await page.keyboard.press("Control+A");
        await page.keyboard.insertText(text);
      };
      await tabTo(page, body);
      await type('{ "n": "zero" }');
      await press(page, page.getByRole("button", { name: "Check" }));
      await page.getByRole("alert").getByText("n: must be a number").waitFor();
      expect(await page.getByRole("button", { name: /Redrive with/ }).count()).toBe(0);
      await tabTo(page, body, "Shift+Tab");
      await type('{\n  "n" 7\n}');
      await page.getByText("not JSON at line 2, column 7: a colon is missing after the name").waitFor();
      expect(await page.getByRole("button", { name: "Check" }).isDisabled()).toBe(true);
      await type('{\n  "n": 7\n}');
      await press(page, page.getByRole("button", { name: "Check" }));
      await page.getByText("It can be sent: 7 of at most").waitFor();
      expect(await page.locator(".difference").innerText()).toMatch(/- \s*removed:\s*"n": 0\s*\+ \s*added:\s*"n": 7/);
      state.repaired = true;
      await press(page, page.getByRole("button", { name: "Redrive with these changes…" }));
      await press(page, page.getByRole("button", { name: "Redrive 1 letter" }));
      await page.getByText("1 letter was redriven to orders/mail").waitFor();
      await page.getByText("4 letters, read at").waitFor();
      expect(state.handled).toEqual([{ n: 7 }]);

      await press(page, page.getByRole("button", { name: "Redrive group: Reject: no account #" }));
      await press(page, page.getByRole("button", { name: "Redrive 2 letters" }));
      await page.getByText("2 letters were redriven to orders/mail").waitFor();
      await page.getByText("2 letters, read at").waitFor();
      await press(page, page.getByRole("button", { name: "Purge all…" }));
      await page.getByText("This deletes 2 letters. It cannot be undone").waitFor();
      await tabTo(page, page.getByRole("textbox", { name: "Type orders/mail to confirm" }));
      await page.keyboard.type("orders");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").getByText("That is not the name").waitFor();
      expect(await pubsub.deadLetters(Mail).count()).toBe(2);
      await page.keyboard.type("/mail");
      await page.keyboard.press("Enter");
      await page.getByText("2 letters were purged from orders/mail").waitFor();
      await page.getByText("There are no dead letters here.").waitFor();
      expect(await pubsub.deadLetters(Mail).count()).toBe(0);
      expect(shop.violations).toEqual([]);
    } finally {
      await shop.close();
    }
  });

  test("Escape closes a dialog, nothing happens, and the focus is where it was", async () => {
    const shop = await openShop(browser, () => new Reject("no"));
    const { page, pubsub } = shop;
    try {
      await pubsub.publish(Orders, { n: 1 });
      await expect.poll(async () => await pubsub.deadLetters(Mail).count()).toBe(1);
      await page.goto(`${page.url()}?of=orders/mail`);
      const button = page.getByRole("button", { name: "Redrive all…" });
      await press(page, button);
      await page.getByText("This concerns 1 letter.").waitFor();
      await page.keyboard.press("Escape");
      await expect.poll(async () => await page.getByRole("dialog").count()).toBe(0);
      expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
      expect(await pubsub.deadLetters(Mail).count()).toBe(1);
    } finally {
      await shop.close();
    }
  });

  test("who may only look has no buttons, reads why, and can download the letters", async () => {
    const shop = await openShop(browser, () => new Reject("no"), []);
    const { page, pubsub } = shop;
    try {
      await pubsub.publish(Orders, { n: 1 });
      await expect.poll(async () => await pubsub.deadLetters(Mail).count()).toBe(1);
      await page.goto(`${page.url()}?of=orders/mail`);
      await page.getByText("You may not redrive or purge here.").waitFor();
      expect(await page.getByRole("button", { name: /Redrive|Purge/ }).count()).toBe(0);
      const saving = page.waitForEvent("download");
      await page.getByRole("button", { name: "Download all" }).click();
      const saved = await saving;
      expect(saved.suggestedFilename()).toBe("letters-orders-mail.jsonl");
      const [line, end] = (await readFile(await saved.path(), "utf8")).split("\n");
      expect([JSON.parse(line ?? ""), end]).toMatchObject([{ body: '{"n":1}', reason: "rejected" }, ""]);
      expect(shop.violations).toEqual([]);
    } finally {
      await shop.close();
    }
  });

  test("texts of strangers are texts: in errors, ids, attributes and bodies", async () => {
    const html = '"><img src=x onerror="document.title=1"><script>alert(1)</script>';
    const evil = `${html} \u202e gpj.exe \u0000\u0007`;
    const shop = await openShop(browser, () => new Reject(evil));
    const { page, pubsub } = shop;
    try {
      const id = "<b>bold</b>'onclick=alert(1)";
      const note = `${html}\u202e${"x".repeat(60_000)}`;
      const attributes = {
        [`<i>${html}</i>`]: evil,
        ...Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`a${n}`, html])),
      };
      await pubsub.publish(Orders, { n: 1, note }, { id, attributes });
      await expect.poll(async () => await pubsub.deadLetters(Mail).count()).toBe(1);
      await page.goto(`${page.url()}?of=orders/mail`);
      await page.getByRole("heading", { name: "1 way to fail" }).waitFor();
      await page.locator("table.groups tbody th a").click();
      expect(await page.locator(".examples").innerText()).toContain(
        "<script>alert(1)</script> \\u202e gpj.exe \\u0000\\u0007",
      );
      await page.getByRole("link", { name: id }).click();
      await page.getByRole("heading", { name: "Body" }).waitFor();
      expect(await page.locator("pre.body").innerText()).toContain("\\u202exxx");
      await page.getByRole("button", { name: "Show 39" }).click();
      await page.getByRole("button", { name: "Show all 61 attributes" }).click();
      await page.getByRole("button", { name: "Edit…" }).click();
      await page.getByRole("button", { name: "Check" }).click();
      await page.getByText("Nothing is changed.").waitFor();
      expect(await page.locator("main img, main script, main b, main i").count()).toBe(0);
      expect(await page.title()).not.toBe("1");
      expect(await page.getByText("\u202e").count()).toBe(0);
      expect(shop.violations).toEqual([]);
    } finally {
      await shop.close();
    }
  });
});
