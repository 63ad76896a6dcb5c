import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { HOSTILE, livePages, notes, signups, tabTo, welcome } from "./live-pages.ts";
import { browserPath, startBrowser } from "./page.ts";

describe.skipIf(browserPath === undefined)("in a browser", { timeout: 60_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(async () => await browser.close());

  test("with the keyboard alone: publish with fields, and follow the message through its retry to a dead letter", async () => {
    const { page, complaints } = await livePages(browser, "/publish");
    const publish = page.getByRole("button", { name: "Publish", exact: true });
    await tabTo(page, page.getByLabel("accountId"));
    await page.keyboard.type("a");
    await tabTo(page, publish);
    await page.keyboard.press("Enter");
    // What `publish` itself says of the schema.
    await page
      .getByRole("alert")
      .getByText(/accountId/)
      .waitFor();
    await page.keyboard.press("Shift+Tab");
    await page.getByLabel("accountId").focus();
    await page.keyboard.type("1");
    await tabTo(page, page.getByLabel("plan"));
    await page.keyboard.press("f");
    await tabTo(page, page.getByRole("button", { name: "Check only" }));
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText("It can be published: 32 B").waitFor();
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    const link = page.getByRole("status").getByRole("link");
    await tabTo(page, link);
    const id = await link.textContent();
    await page.keyboard.press("Enter");

    await page.getByRole("heading", { name: `Message ${id}` }).waitFor();
    const states = page.getByRole("listitem").filter({ hasText: "signups/welcome" });
    await states.getByText("waits for its retry").waitFor();
    const steps = page.getByRole("list", { name: "Steps" }).getByRole("listitem");
    await states.getByText("dead letter").waitFor({ timeout: 15_000 });
    const texts = await steps.allTextContents();
    const ofWelcome = texts
      .filter((text) => text.includes("welcome"))
      .map((text) => /(delivered|retry|dead letter)/.exec(text)?.[1]);
    expect(ofWelcome).toEqual(["delivered", "retry", "delivered", "dead letter"]);
    expect(texts.find((text) => text.includes("dead letter"))).toMatch(/attempt 2.*retries-exhausted.*shop/);
    expect(texts.find((text) => text.includes("retry"))).toMatch(/attempt 1.*again in 1(\.\d)? s/);
    // The time since the step before, of whichever subscription that was.
    expect(texts.find((text) => /delivered.*welcome.*attempt 2/.test(text))).toMatch(/^\+ \d/);
    expect(texts.join("")).toContain("<script>");
    expect(texts.join("")).toContain("\\u202e");
    expect(await page.title()).toBe("anytopic");
    expect(complaints).toEqual([]);
  });

  test("templates stay in the browser, also after a reload", async () => {
    const { page } = await livePages(browser, "/publish?topic=notes");
    await page.getByLabel("Event").fill("hello again");
    await page.getByRole("button", { name: "Add an attribute" }).click();
    await page.getByLabel("Name of attribute 1").fill("tenant");
    await page.getByLabel("Value of attribute 1").fill("acme");
    await page.getByLabel("Keep this message as").fill("greeting <b>");
    await page.getByRole("button", { name: "Keep" }).click();
    await page.reload();
    await page.getByRole("button", { name: "Use the template greeting <b>" }).click();
    expect(await page.getByLabel("Event").inputValue()).toBe("hello again");
    expect(await page.getByLabel("Value of attribute 1").inputValue()).toBe("acme");
    await page.getByRole("button", { name: "Delete the template greeting <b>" }).click();
    await page.getByRole("button", { name: "Use the template greeting <b>" }).waitFor({ state: "detached" });
  });

  test("live: what happens appears; filters by kind, text and subscription; the list can be paused", async () => {
    const { page, pubsub, complaints } = await livePages(browser, "/live");
    const rows = page.getByRole("row");
    await page.getByText("Live.", { exact: false }).first().waitFor();
    const id = await pubsub.publish(signups, { accountId: "a1", plan: "pro" });
    await rows.filter({ hasText: "no seats left" }).waitFor();
    await rows.filter({ hasText: "dead letter" }).filter({ hasText: "signups/welcome" }).waitFor({ timeout: 15_000 });
    await page.getByRole("link", { name: id }).first().waitFor();

    await page.getByLabel("Published").uncheck();
    await expect.poll(async () => await rows.filter({ hasText: "published" }).count()).toBe(0);
    await page.getByLabel("Topic or subscription").selectOption("signups/crm");
    await expect.poll(async () => await rows.filter({ hasText: "welcome" }).count()).toBe(0);
    await rows.filter({ hasText: "no seats left" }).waitFor();
    expect(page.url()).toContain("subscription=crm");
    await page.getByLabel("Text in id, error or service").fill("NO SEATS");
    await expect.poll(async () => await rows.count()).toBe(2);

    await page.getByRole("button", { name: "Pause the list" }).click();
    await pubsub.publish(signups, { accountId: "a2", plan: "pro" });
    await page.getByRole("status").getByText("The list is paused; 1 new.").waitFor();
    expect(await rows.count()).toBe(2);
    await page.getByRole("button", { name: "Resume the list" }).click();
    await expect.poll(async () => await rows.count()).toBe(3);
    expect(await page.title()).toBe("anytopic");
    expect(complaints).toEqual([]);
  });

  test("live: 2,000 events a second do not freeze the page", async () => {
    const { page, events } = await livePages(browser, "/live");
    await page.getByText("Live.", { exact: false }).first().waitFor();
    let count = 0;
    const timer = setInterval(() => {
      for (let each = 0; each < 20; each += 1) {
        events.observe({
          type: "published",
          topic: "signups",
          id: `m-${(count += 1)}`,
          atMs: Date.now(),
          durationMs: 1,
        });
      }
    }, 10);
    try {
      await page.getByRole("row").nth(300).waitFor({ timeout: 10_000 });
      const gaps = await page.evaluate(
        async () =>
          await new Promise<number[]>((resolve) => {
            const found: number[] = [];
            let last = performance.now();
            const since = last;
            const look = (): void => {
              const now = performance.now();
              found.push(now - last);
              last = now;
              if (now - since < 4000) requestAnimationFrame(look);
              else resolve(found);
            };
            requestAnimationFrame(look);
          }),
      );
      const sorted = gaps.toSorted((a, b) => a - b);
      const p95 = sorted[Math.floor(sorted.length * 0.95)] ?? 0;
      process.stdout.write(
        `live: p95 ${p95.toFixed(0)} ms between frames, longest ${sorted.at(-1)?.toFixed(0)} ms, ${gaps.length} frames in 4 s\n`,
      );
      expect(p95).toBeLessThan(500);
      expect(await page.getByRole("row").count()).toBe(301);
      const rate = Number((await page.locator("dl.rates dd").first().textContent())?.replace(/[,/s]/g, ""));
      expect(rate).toBeGreaterThan(800);
      // It answers to the visitor meanwhile.
      await page.getByLabel("Published").uncheck({ timeout: 3000 });
      await expect.poll(async () => await page.getByRole("row").count(), { timeout: 3000 }).toBe(0);
    } finally {
      clearInterval(timer);
    }
  });

  test("live: goes on without a gap when the page comes back, and says when the dashboard is away", async () => {
    const { page, pubsub, url } = await livePages(browser, "/live");
    await pubsub.publish(signups, { accountId: "first", plan: "free" });
    await page.getByRole("row").filter({ hasText: "signups/crm" }).first().waitFor();
    await page.route(`${url}/api/**`, async (route) => await route.abort());
    await page.context().setOffline(true);
    await page
      .getByText(/The dashboard does not answer|does not answer/)
      .first()
      .waitFor({ timeout: 15_000 });
    const id = await pubsub.publish(signups, { accountId: "later", plan: "free" });
    await page.context().setOffline(false);
    await page.unroute(`${url}/api/**`);
    await page
      .getByRole("row")
      .filter({ hasText: id })
      .filter({ hasText: "acknowledged" })
      .waitFor({ timeout: 20_000 });
    expect(await page.getByRole("row").filter({ hasText: id }).filter({ hasText: "acknowledged" }).count()).toBe(1);
  });

  test("tail: bodies as they come, hostile ones too; leaving the screen removes the subscription", async () => {
    const { page, pubsub, complaints } = await livePages(browser, "/tail?topic=notes");
    await tabTo(page, page.getByRole("button", { name: "Start" }));
    await page.keyboard.press("Enter");
    await page.getByText(/Following notes through tail-/).waitFor();
    await pubsub.publish(notes, HOSTILE, { attributes: { [`<b>${"k".repeat(50)}`]: HOSTILE } });
    await pubsub.publish(notes, "x".repeat(200_000));
    const items = page.getByRole("listitem");
    await items.filter({ hasText: "document.title='hacked'" }).waitFor();
    await items
      .first()
      .getByRole("button", { name: /Show .* more characters/ })
      .click();
    await items.first().getByText("Only the beginning is here").waitFor();
    expect(await page.locator("main img, main script").count()).toBe(0);
    expect(await page.title()).toBe("anytopic");
    const subscription =
      /tail-[0-9a-f]{12}/.exec((await page.getByRole("status").first().textContent()) ?? "")?.[0] ?? "";
    const plan = async (): Promise<number> => {
      const { defineSubscription } = await import("@anytopic/core");
      return (await pubsub.plan([defineSubscription(notes, subscription)])).length;
    };
    expect(await plan()).toBe(0);
    await page.getByRole("link", { name: "Live" }).click();
    await expect.poll(plan).toBe(1);
    expect(complaints).toEqual([]);
  });

  test("search: from a part of an id to its letter and its timeline", async () => {
    const { page, pubsub } = await livePages(browser, "/search");
    const id = await pubsub.publish(signups, { accountId: "a1", plan: "pro" });
    await expect.poll(async () => await pubsub.deadLetters(welcome).count(), { timeout: 15_000 }).toBe(1);
    await tabTo(page, page.getByLabel("Id or text"));
    await page.keyboard.type(id.slice(-14));
    await page.keyboard.press("Enter");
    const letters = page.getByRole("region", { name: "Dead letters" });
    await letters.getByRole("row").filter({ hasText: "signups/welcome" }).waitFor();
    await letters.getByRole("row").filter({ hasText: "no seats left" }).waitFor();
    await page.getByText("What is not searched").waitFor();
    await page.getByRole("region", { name: "Messages with events" }).getByRole("link", { name: id }).click();
    await page.getByRole("heading", { name: `Message ${id}` }).waitFor();
  });

  test("a message of which nothing is known says why that may be", async () => {
    const { page } = await livePages(browser, "/message?id=nothing-of-the-kind");
    await page.getByText("Nothing is known of this message yet.").waitFor();
    await page.getByRole("link", { name: "Search for it among the dead letters" }).click();
    await page.getByText("Nothing was found.").waitFor();
    expect(await page.getByLabel("Id or text").inputValue()).toBe("nothing-of-the-kind");
  });
});
