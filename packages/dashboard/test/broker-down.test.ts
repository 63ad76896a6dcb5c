import { type Broker, startBroker } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, PubSubError, type PubSub } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Session } from "../src/api/session.ts";
import { dashboard, type Dashboard } from "../src/index.ts";
import { ask } from "./ask.ts";
import { browserPath, serve, startBrowser } from "./page.ts";

const signups = defineTopic("signups");
const declarations = [signups, defineSubscription(signups, "welcome")];
const authorize = (): { readonly user: string } => ({ user: "test" });

const sessionOf = async (handle: Dashboard): Promise<Session> =>
  (await (await ask(handle, "GET", "/api/session")).json()) as Session;

describe("a connection that is opened by a function", () => {
  test("is opened once for all requests, again after a pause, and says meanwhile what is wrong", async () => {
    await using pubsub = await connect(memory());
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    let isAway = true;
    const opened = vi.fn<() => Promise<PubSub>>(async () => {
      if (isAway) throw new PubSubError("UNAVAILABLE", "nats://127.0.0.1:4999 refuses connections");
      return pubsub;
    });
    const lines: string[] = [];
    const log = (_fields: object, message: string): void => void lines.push(message);
    const logger = { debug: log, info: log, warn: log, error: log };
    const handle = dashboard({ pubsub: opened, declarations, authorize, logger });
    const all = await Promise.all(Array.from({ length: 50 }, async () => await sessionOf(handle)));
    for (const { unavailable, server } of all) {
      expect({ unavailable, server }).toEqual({
        server: null,
        unavailable: {
          code: "UNAVAILABLE",
          message: expect.stringContaining("nats://127.0.0.1:4999 refuses connections. See https://"),
          advice: expect.stringContaining("Check that the broker runs"),
        },
      });
    }
    expect(opened).toHaveBeenCalledTimes(1);
    for (const [passedMs, times] of [
      [0, 1],
      [900, 1],
      [200, 2],
      [1500, 2],
      [600, 3],
    ] as const) {
      vi.advanceTimersByTime(passedMs);
      expect([(await sessionOf(handle)).server, opened.mock.calls.length]).toEqual([null, times]);
    }
    isAway = false;
    expect((await sessionOf(handle)).server).toBe(null);
    vi.advanceTimersByTime(4100);
    expect([await sessionOf(handle), opened.mock.calls.length]).toMatchObject([
      { server: pubsub.server, unavailable: null },
      4,
    ]);
    await sessionOf(handle);
    expect(opened).toHaveBeenCalledTimes(4);
    expect(lines).toEqual([
      expect.stringContaining("and tries again: nats://127.0.0.1:4999 refuses connections. See https://"),
      "the dashboard has reached the broker",
    ]);
  });

  test("that does not answer does not keep the page waiting", async () => {
    const opened = vi.fn<() => Promise<PubSub>>(async () => await new Promise(() => {}));
    const handle = dashboard({ pubsub: opened, declarations, authorize });
    expect((await sessionOf(handle)).unavailable?.message).toMatch(/^the broker has not answered yet\. See /);
    expect((await sessionOf(handle)).unavailable?.code).toBe("UNAVAILABLE");
    expect(opened).toHaveBeenCalledTimes(1);
  });

  test("an error that is none of ours is not shown to visitors", async () => {
    const handle = dashboard({ pubsub: () => Promise.reject(new Error("password=secret")), declarations, authorize });
    const { unavailable } = await sessionOf(handle);
    expect(unavailable).toMatchObject({ code: "UNKNOWN", message: expect.not.stringContaining("secret") });
  });
});

describe.skipIf(browserPath === undefined)(
  "with a real broker that stops and starts",
  () => {
    let broker: Broker;
    beforeAll(async () => {
      broker = await startBroker("nats");
    });
    afterAll(async () => await broker?.close());

    test("the page opens without it, explains itself, and connects by itself, at the start and later", async () => {
      await broker.kill!();
      let pubsub: PubSub | undefined;
      const handle = dashboard({
        declarations,
        authorize,
        pubsub: async () => (pubsub = await connect(broker.url, { provisioning: "off" })),
      });
      const served = await serve(handle);
      const browser = await startBrowser();
      onTestFinished(async () => {
        await browser.close();
        await handle.close();
        await served.close();
        await pubsub?.close({ timeoutMs: 2000 });
      });
      const page = await browser.newPage();
      await page.goto(served.url);
      const notice = page.getByRole("alert").filter({ hasText: "The broker cannot be used" });
      await notice.waitFor();
      expect(await notice.textContent()).toMatch(/UNAVAILABLE.*Check that the broker runs/s);

      for (let time = 0; time < 2; time += 1) {
        await broker.start!();
        await notice.waitFor({ state: "detached", timeout: 30_000 });
        await page.getByText(pubsub!.server).first().waitFor();
        await broker.kill!();
        await notice.waitFor({ timeout: 30_000 });
      }
      await broker.start!();
    });
  },
  120_000,
);
