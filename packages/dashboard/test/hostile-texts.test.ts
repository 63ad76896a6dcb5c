import { connect, defineSubscription, defineTopic, Reject, textCodec } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import type { Page } from "playwright-core";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { dashboard, dashboardEvents, type Permission } from "../src/index.ts";
import { browserPath, serve, startBrowser } from "./page.ts";

const MAX_PAGES = 30;

const HOSTILE: readonly string[] = [
  `<img src=x onerror="window.hacked=1">`,
  `"><script>window.hacked=1</script>`,
  `' onmouseover='window.hacked=1' x='`,
  `<svg/onload=window.hacked=1><style>*{display:none}</style>`,
  `javascript:window.hacked=1`,
  `{{base}}</script><script>window.hacked=1</script>`,
  `\u202Egnp.exe\u2066\u0000\u0007\u001B[31m\u200B`,
  `<a href="javascript:window.hacked=1">${"click ".repeat(20_000)}</a>`,
];

class HostileError extends Error {
  override readonly name = `<img src=x onerror="window.hacked=1">`;
}

const orders = defineTopic("orders", { codec: textCodec, orderingKey: (text) => text.slice(0, 100) });
const bill = defineSubscription(orders, "bill", { retryPolicy: { maxRetries: 0 } });

/** What went wrong on a page, which should be nothing. */
async function watched(page: Page): Promise<readonly string[]> {
  const wrong: string[] = [];
  page.on("dialog", (dialog) => {
    wrong.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") wrong.push(`console: ${message.text()}`);
  });
  await page.exposeFunction("reportViolation", (text: string) => void wrong.push(`policy: ${text}`));
  await page.addInitScript(() => {
    const report = (window as unknown as { reportViolation: (text: string) => void }).reportViolation;
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
      report(`${violatedDirective} ${blockedURI}`);
    });
  });
  return wrong;
}

describe.skipIf(browserPath === undefined)("texts of strangers", () => {
  // Whoever may only look finds no button that does harm, so the test may press all of them.
  test.for<readonly [who: string, can: readonly Permission[]]>([
    ["only look", []],
    ["do everything", ["publish", "redrive", "purge", "pause", "tail"]],
  ])("are only texts, on every screen, for who may %s", { timeout: 300_000 }, async ([, can]) => {
    const events = dashboardEvents();
    await using pubsub = await connect(memory(), { declarations: [bill], observer: events.observe });
    const worker = await pubsub.subscribe(bill, (text) => {
      throw text.length % 2 === 0 ? new Reject(text) : new HostileError(text);
    });
    for (const [index, text] of HOSTILE.entries()) {
      const id = text.length > 100 || /[^!-~]/.test(text) ? `hostile-${index}` : text;
      await pubsub.publish(orders, text, { id, attributes: { [`key ${text.slice(0, 60)}`]: text.slice(0, 1000) } });
    }
    await vi.waitUntil(async () => (await pubsub.deadLetters(bill).count()) === HOSTILE.length, { timeout: 20_000 });
    await worker.close();
    const handle = dashboard({
      pubsub,
      events,
      declarations: [orders, bill],
      authorize: () => ({ user: HOSTILE[0]!, can }),
    });
    const served = await serve(handle);
    const browser = await startBrowser();
    onTestFinished(async () => {
      await browser.close();
      await handle.close();
      await served.close();
    });
    const page = await browser.newPage();
    const wrong = await watched(page);
    const asked = new Set<string>();
    page.on("request", (request) => asked.add(new URL(request.url()).origin));

    const seen = new Set<string>();
    const waiting = ["/"];
    while (waiting.length > 0 && seen.size < MAX_PAGES) {
      const path = waiting.shift()!;
      if (seen.has(path)) continue;
      seen.add(path);
      await page.goto(served.url + path);
      await page.getByRole("navigation", { name: "Screens" }).waitFor();
      await page.locator("main > *").first().waitFor();
      // The letters are read when the page is there already. The groups may be there before those of one group.
      if (/^\/letters\?of=(?!.*ref=)/.test(path)) {
        const group = path.includes("group=") ? "" : "main a[href*='group='], ";
        await page.locator(`${group}main a[href*='ref=']`).first().waitFor();
      }
      const links = await page
        .locator("a[href]")
        .evaluateAll((all) => all.map((one) => new URL(one.getAttribute("href") ?? "", document.baseURI).href));
      for (const link of links) {
        const { origin, protocol, pathname, search } = new URL(link);
        expect(["http:", "https:", "blob:"]).toContain(protocol);
        if (origin === served.url && !pathname.startsWith("/api/")) waiting.push(pathname + search);
      }
      if (can.length === 0) await pressAll(page);
      expect(await page.evaluate(() => (window as { hacked?: unknown }).hacked)).toBe(undefined);
      expect(await page.locator("main img, main iframe, main script, main object, main [onerror]").count()).toBe(0);
      expect(wrong).toEqual([]);
    }
    const menu = await page
      .locator("nav[aria-label=Screens] a")
      .evaluateAll((all) => all.map((one) => one.getAttribute("href")));
    expect(menu.length).toBeGreaterThan(2);
    expect([...seen]).toEqual(expect.arrayContaining(menu));
    expect([...seen].filter((path) => path.includes("ref=")).length).toBeGreaterThan(0);
    expect([...asked]).toEqual([served.url]);
  });
});

async function pressAll(page: Page): Promise<void> {
  const { length } = await page.locator("main button:enabled").all();
  for (let index = 0; index < Math.min(length, 12); index += 1) {
    const button = page.locator("main button:enabled").nth(index);
    if (!(await button.isVisible())) continue;
    await button.click({ timeout: 2000 });
    await page.keyboard.press("Escape");
  }
}
