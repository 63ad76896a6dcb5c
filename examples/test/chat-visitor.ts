import type { Browser, Page } from "playwright-core";

/** Somebody who has opened the page and entered a room. */
export class Visitor {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  static async enter(
    browser: Browser,
    { url, name, room = "lobby" }: { readonly url: string; readonly name: string; readonly room?: string },
  ): Promise<Visitor> {
    const page = await browser.newPage();
    await page.goto(url);
    await page.getByLabel("Your name").fill(name);
    await page.getByLabel("Room").fill(room);
    await page.getByRole("button", { name: "Enter" }).click();
    const visitor = new Visitor(page);
    await visitor.page.getByRole("listitem").filter({ hasText: name }).first().waitFor();
    return visitor;
  }

  /** By keyboard: the field has the focus. */
  async say(text: string): Promise<void> {
    const field = this.page.getByLabel("Message", { exact: true });
    await field.fill(text);
    await field.press("Enter");
  }

  /** The texts that all have, in the order of the room. */
  async texts(): Promise<readonly string[]> {
    return await this.page.locator("#messages li:not(.sending) .text").allTextContents();
  }

  async present(): Promise<readonly string[]> {
    return await this.page.locator("#present li").allTextContents();
  }
}
