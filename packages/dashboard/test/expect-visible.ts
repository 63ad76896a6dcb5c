import type { Locator } from "playwright-core";

/** Waits until something is there to see, or rejects. */
export async function expectVisible(locator: Locator): Promise<void> {
  await locator.waitFor({ state: "visible" });
}
