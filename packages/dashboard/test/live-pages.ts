import { connect, defineSubscription, defineTopic, type PubSub, Reject } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import type { Browser, Locator, Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { z } from "zod";

import { dashboard, type DashboardEvents, dashboardEvents } from "../src/index.ts";
import { serve } from "./page.ts";

export const signups = defineTopic("signups", {
  schema: z.object({ accountId: z.string().min(2), plan: z.enum(["free", "pro"]), seats: z.number().int().optional() }),
});
export const notes = defineTopic("notes", { codec: "text" });
export const welcome = defineSubscription(signups, "welcome", {
  retryPolicy: { minBackoffMs: 1000, maxBackoffMs: 1000, maxRetries: 1 },
});
export const crm = defineSubscription(signups, "crm");
export const declarations = [signups, notes, welcome, crm];

/** Text with which a stranger would attack a page. */
export const HOSTILE = `<img src=x onerror="document.title='hacked'"><script>document.title='hacked'</script>\u202Egnp.exe`;

export interface LivePages {
  readonly url: string;
  readonly pubsub: PubSub;
  readonly events: DashboardEvents;
  readonly page: Page;
  /** What the browser complained about: errors of scripts, and violations of the CSP. */
  readonly complaints: readonly string[];
}

/** A service whose mails fail, its dashboard, and a page of it. */
export async function livePages(browser: Browser, path: string): Promise<LivePages> {
  const events = dashboardEvents({ service: "shop" });
  const pubsub = await connect(memory(), { declarations, instrumentation: [events] });
  await pubsub.subscribe(welcome, () => {
    throw new Error(`no mail server ${HOSTILE}`);
  });
  await pubsub.subscribe(crm, ({ plan }) => {
    if (plan === "pro") throw new Reject("no seats left");
  });
  const handle = dashboard({
    pubsub,
    events,
    declarations,
    authorize: () => ({ user: "test", can: ["publish", "tail"] }),
  });
  const served = await serve(handle);
  const context = await browser.newContext();
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    // An answer that is no success is told there too.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      complaints.push(message.text());
  });
  onTestFinished(async () => {
    await context.close();
    await handle.close();
    await served.close();
    await pubsub.close();
  });
  await page.goto(`${served.url}${path}`);
  return { url: served.url, pubsub, events, page, complaints };
}

/** Presses Tab until it has the focus, as somebody does who has no pointer. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor({ timeout: 10_000 });
  for (let presses = 0; presses < 100; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  expect.fail("Tab does not reach it");
}
