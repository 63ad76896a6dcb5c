import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { BROWSER_ARGUMENTS, browserOrSkip } from "@anytopic/brokers";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { lowContrast } from "./low-contrast.ts";
import { serveSite, type ServedSite } from "./serve-site.ts";

// The build takes about 15 s of processor time, and minutes on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 600_000 });

const root = join(import.meta.dirname, "../..");
const executablePath = browserOrSkip();
/** Everything that is read: text, links, code, tables, the sidebar and the outline. */
const READ = ".vp-doc *, .VPSidebar *, .VPNavBar *, .VPDocOutlineItem *, .VPDocFooter *";
const PAGES = [
  "/",
  "/guides/outbox",
  "/guides/archive",
  "/adapters/nats",
  "/conformance",
  "/architecture",
  "/reference/api/core",
];

let folder: string;
let site: ServedSite;
let browser: Browser;

/** Pages that are written before the site is built may be missing while somebody works on them. */
const isBuilt = (path: string): boolean => existsSync(join(folder, `${path === "/" ? "/index" : path}.html`));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "anytopic-site-"));
  const run = promisify(execFile);
  const { NODE_OPTIONS: _options, ...env } = process.env;
  await run(process.execPath, ["site/api/write-api.ts"], { cwd: root, env });
  // It fails when a link leads to no page.
  await run(process.execPath, ["node_modules/vitepress/bin/vitepress.js", "build", "site", "--outDir", folder], {
    cwd: root,
    env,
  });
  site = await serveSite(folder);
  if (executablePath !== undefined) browser = await chromium.launch({ executablePath, args: [...BROWSER_ARGUMENTS] });
});
afterAll(async () => {
  await browser?.close();
  await site?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

test("the pages are there", () => {
  expect(PAGES.filter((path) => !isBuilt(path))).toEqual([]);
});

interface Seen {
  readonly page: Page;
  /** Errors of the console, failed requests, and requests to other hosts. */
  readonly problems: readonly string[];
}

async function open(path: string, colorScheme: "light" | "dark", width: number): Promise<Seen> {
  const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
  const problems: string[] = [];
  page.on("console", (message) => message.type() === "error" && problems.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(site.url))
      problems.push(`asks ${request.url()}`);
  });
  page.on(
    "response",
    (response) => response.status() >= 400 && problems.push(`${response.status()} ${response.url()}`),
  );
  await page.goto(`${site.url}${path}`, { waitUntil: "networkidle" });
  return { page, problems };
}

describe.skipIf(executablePath === undefined)("in a browser", () => {
  test.for(
    PAGES.flatMap((path) =>
      (["light", "dark"] as const).flatMap((scheme) => [1280, 360].map((width) => ({ path, scheme, width }))),
    ),
  )("$path, $scheme, $width px wide: fits, is readable and asks nobody", async ({ path, scheme, width }) => {
    const { page, problems } = await open(path, scheme, width);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    expect(await page.evaluate(lowContrast, [READ, 4.5] as const)).toEqual([]);
    expect(problems).toEqual([]);
    await page.close();
  });

  test("the search finds a page about dead letters, without asking another host", async () => {
    const { page, problems } = await open("/", "light", 1280);
    await page.keyboard.press("Control+k");
    await page.locator("#localsearch-input").fill("dead letter");
    await page.locator(".VPLocalSearchBox .result").first().waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname !== "/");
    await page.locator(".vp-doc h1").waitFor();
    expect(await page.locator(".vp-doc").textContent()).toMatch(/dead letter/i);
    expect(problems).toEqual([]);
    await page.close();
  });
});
