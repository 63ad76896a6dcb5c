import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { describe, expect, test } from "vitest";

import { dashboard } from "../src/index.ts";
import { browserPath, serve, startBrowser } from "./page.ts";

const signups = defineTopic("signups");
const welcome = defineSubscription(signups, "welcome");

describe.skipIf(browserPath === undefined)("the page", () => {
  test("opens in a browser and says which broker it shows", async () => {
    await using pubsub = await connect(memory(), { declarations: [welcome] });
    const handler = dashboard({ pubsub, declarations: [signups, welcome], authorize: () => ({ user: "test" }) });
    const served = await serve(handler);
    const browser = await startBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(served.url);
      await page.getByText(pubsub.server).waitFor({ timeout: 10_000 });
      expect(await page.title()).toBe("anytopic");
    } finally {
      await browser.close();
      await handler.close();
      await served.close();
    }
  });
});
