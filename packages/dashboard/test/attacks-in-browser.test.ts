import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect, defineTopic, type PubSub } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Route } from "../src/http/route.ts";
import { serveDashboard, type ServedDashboard } from "../src/node.ts";
import { browserPath, startBrowser } from "./page.ts";

// Each starts several pages: seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const { written, routes } = vi.hoisted(() => {
  const bodies: unknown[] = [];
  const purge: Route = {
    method: "POST",
    path: "test-purge",
    needs: "purge",
    run: async ({ body }) => {
      bodies.push(body);
      return { purged: 1 };
    },
  };
  return { written: bodies, routes: [purge] };
});

vi.mock("../src/routes/index.ts", async (original) => {
  const { ROUTES } = await original<{ readonly ROUTES: readonly Route[] }>();
  return { ROUTES: [...ROUTES, ...routes] };
});

describe.skipIf(browserPath === undefined)("in a browser that is signed in", () => {
  let pubsub: PubSub;
  let dashboard: ServedDashboard;
  let browser: Browser;
  let context: BrowserContext;
  let port: number;

  beforeAll(async () => {
    pubsub = await connect(memory());
    dashboard = await serveDashboard({ pubsub, declarations: [defineTopic("t")], can: ["purge"], port: 0 });
    ({ port } = dashboard);
    browser = await startBrowser(["--host-resolver-rules=MAP *.example 127.0.0.1"]);
  });
  afterAll(async () => {
    await browser?.close();
    await dashboard?.close();
    await pubsub?.close();
  });
  beforeEach(async () => {
    written.length = 0;
    context = await browser.newContext();
    onTestFinished(async () => await context.close());
  });

  async function signedIn(): Promise<Page> {
    const page = await context.newPage();
    await page.goto(dashboard.newLink());
    await page.getByText(pubsub.server).waitFor();
    return page;
  }

  /** A page of another site, with the dashboard's cookie in its browser. `host` decides how foreign it is. */
  async function stranger(host: string, html = "<p>hello</p>"): Promise<Page> {
    const server = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end(`<!doctype html>${html}`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const page = await context.newPage();
    await page.goto(`http://${host}:${(server.address() as AddressInfo).port}/`);
    return page;
  }

  test("the token is gone from the address and the history, and the cookie is out of reach of scripts", async () => {
    const page = await signedIn();
    expect(page.url()).toBe(dashboard.url);
    expect(await page.evaluate(() => [window.history.length, document.cookie, window.location.hash])).toEqual([
      2,
      "",
      "",
    ]);
    await page.reload();
    await page.getByText(pubsub.server).waitFor();
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ name: `anytopic-${port}`, httpOnly: true, sameSite: "Strict", expires: -1 });
  });

  test("the page itself may write, so the refusals below are not for another reason", async () => {
    const page = await signedIn();
    const status = await page.evaluate(async () => {
      const headers = { "content-type": "application/json", "x-anytopic": "1" };
      return (await fetch("/api/test-purge", { method: "POST", headers, body: "{}" })).status;
    });
    expect([status, written]).toEqual([200, [{}]]);
  });

  test("a link that was used says what to do, and a new one pasted into the same tab works", async () => {
    const link = dashboard.newLink();
    const first = await context.newPage();
    await first.goto(link);
    await first.getByText(pubsub.server).waitFor();
    const other = await browser.newContext();
    onTestFinished(async () => await other.close());
    const page = await other.newPage();
    await page.goto(link);
    await page.getByRole("alert").getByText("wrong, or was used before").waitFor();
    await page.getByLabel("Token").fill(dashboard.newLink());
    await page.keyboard.press("Enter");
    await page.getByText(pubsub.server).waitFor();
    await other.clearCookies();
    await page.goto(dashboard.newLink());
    await page.getByText(pubsub.server).waitFor();
    expect(page.url()).toBe(dashboard.url);
  });

  // Another site; and another port of the same host, to which the browser sends the same cookies.
  describe.each(["evil.example", "localhost", "127.0.0.1"])("a page of %s", (host) => {
    test("cannot write by fetch, with or without a preflight", async () => {
      await signedIn();
      const page = await stranger(host);
      const outcomes = await page.evaluate(async (target) => {
        const inits: readonly RequestInit[] = [
          { mode: "no-cors", headers: { "content-type": "text/plain" } },
          { mode: "cors", headers: { "content-type": "text/plain" } },
          { mode: "cors", headers: { "content-type": "application/json" } },
          { mode: "cors", headers: { "content-type": "application/json", "x-anytopic": "1" } },
        ];
        const found: string[] = [];
        for (const init of inits) {
          const asked = fetch(target, { ...init, method: "POST", credentials: "include", body: "{}" });
          found.push(
            await asked.then(
              ({ type, status }) => `${type} ${status}`,
              () => "failed",
            ),
          );
        }
        navigator.sendBeacon(target, new Blob(["{}"], { type: "text/plain" }));
        return found;
      }, `${dashboard.url}api/test-purge`);
      expect(outcomes).toEqual(["failed", "failed", "failed", "failed"]);
      expect(written).toEqual([]);
    });

    test("cannot write by a form", async () => {
      await signedIn();
      for (const encoding of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
        const page = await stranger(
          host,
          `<form method="post" enctype="${encoding}" action="${dashboard.url}api/test-purge"><input name='{"a":"' value='"}' /></form>`,
        );
        const [answer] = await Promise.all([
          page.waitForResponse((response) => response.url().endsWith("/api/test-purge")),
          page.evaluate(() => document.querySelector("form")?.submit()),
        ]);
        expect([401, 403]).toContain(answer.status());
      }
      expect(written).toEqual([]);
    });

    test("cannot read, nor load a file as a script of its own", async () => {
      await signedIn();
      const page = await stranger(host);
      const found = await page.evaluate(async (url) => {
        const read = await fetch(`${url}api/session`, { credentials: "include" }).then(
          async (r) => await r.text(),
          () => "failed",
        );
        const script = document.createElement("script");
        script.src = `${url}app.js`;
        const loaded = new Promise((resolve) => {
          script.addEventListener("load", () => resolve("loaded"));
          script.addEventListener("error", () => resolve("refused"));
        });
        document.head.append(script);
        return [read, await loaded];
      }, dashboard.url);
      expect(found).toEqual(["failed", "refused"]);
    });

    test("cannot show it in a frame", async () => {
      await signedIn();
      const page = await stranger(host, `<iframe src="${dashboard.url}"></iframe>`);
      const frame = page.frames()[1]!;
      await expect.poll(() => frame.url()).toMatch(/^chrome-error:/);
      expect(await frame.content()).not.toContain("anytopic");
    });

    test("cannot reach the window that it opened", async () => {
      await signedIn();
      const page = await stranger(host);
      const [opened] = await Promise.all([
        context.waitForEvent("page"),
        page.evaluate((url) => void Object.assign(window, { opened: window.open(url) }), dashboard.url),
      ]);
      await opened.waitForLoadState();
      expect(await page.evaluate(() => (window as unknown as { opened: Window }).opened.closed)).toBe(true);
      expect(await opened.evaluate(() => window.opener as unknown)).toBe(null);
    });
  });

  test("a name that suddenly leads here (DNS rebinding) gets no page, and no answer", async () => {
    await signedIn();
    const page = await context.newPage();
    const response = await page.goto(`http://rebound.example:${port}/`);
    expect([response?.status(), await page.content()]).toEqual([
      421,
      expect.stringContaining("--allowed-host") as string,
    ]);
    const status = await page.evaluate(async () => {
      const headers = { "content-type": "application/json", "x-anytopic": "1" };
      return (await fetch("/api/test-purge", { method: "POST", headers, body: "{}" })).status;
    });
    expect([status, written]).toEqual([421, []]);
  });
});
