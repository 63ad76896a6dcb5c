import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { json } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";

import { sendToDashboard } from "../src/index.ts";
import { published, token } from "./reported.ts";

describe("the sender", () => {
  test("is harmless while the dashboard is absent, refuses, or never answers, and does not knock often", async () => {
    let knocks = 0;
    const silent = createTcpServer(() => (knocks += 1)).listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const sender = sendToDashboard({ service: "a", url: `http://127.0.0.1:${port}/#${token}` });
    const before = performance.now();
    for (let count = 0; count < 20_000; count += 1) sender.observe(published(String(count)));
    const perEventUs = ((performance.now() - before) * 1000) / 20_000;
    process.stdout.write(`sendToDashboard: ${perEventUs.toFixed(2)} µs for each event, nobody answers\n`);
    // Long enough for six reports, if it did not pause.
    await delay(1500);
    expect(knocks).toBeLessThanOrEqual(1);
    const closing = performance.now();
    await sender.close();
    expect(performance.now() - closing).toBeLessThan(4000);
    expect(knocks).toBeLessThanOrEqual(2);
  });

  test("keeps what a dashboard does not take, and asks again after a second, not at once", async () => {
    const bodies: { readonly first: number; readonly events: readonly unknown[] }[] = [];
    let status = 401;
    const server = createServer((incoming, outgoing) => {
      void (async () => {
        bodies.push((await json(incoming)) as (typeof bodies)[number]);
        outgoing.writeHead(status).end();
      })();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const sender = sendToDashboard({ service: "a", url: `http://127.0.0.1:${port}`, token });
    sender.observe(published("1"));
    // Six reports would fit in it.
    await delay(1600);
    expect(bodies.length).toBeLessThanOrEqual(2);
    status = 200;
    await expect.poll(() => bodies.length).toBeGreaterThanOrEqual(2);
    expect(bodies.at(-1)).toMatchObject({ first: 0, events: [{ id: "1" }] });
    await sender.close();
  });

  test("a batch that the dashboard refuses is not sent for ever", async () => {
    const statuses = [400, 413, 200];
    let requests = 0;
    const server = createServer((incoming, outgoing) => {
      incoming.resume();
      outgoing.writeHead(statuses[requests++] ?? 200).end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const sender = sendToDashboard({ service: "a", url: `http://127.0.0.1:${port}`, token });
    for (const wanted of [1, 2, 3]) {
      sender.observe(published("1"));
      await expect.poll(() => requests).toBe(wanted);
    }
    await sender.close();
    expect(requests).toBe(3);
  });

  test("a wrong option is a TypeError without the token; a wrong variable is a warning", async () => {
    expect(() => sendToDashboard({ service: "a", url: "ftp://x/#secret-token" })).toThrow(
      /^(?!.*secret).*must be a URL/,
    );
    expect(() => sendToDashboard({ service: "a", url: "http://x/" })).toThrow("has no usable token");
    expect(() => sendToDashboard({ service: "" })).toThrow("service must be");
    const warnings: string[] = [];
    const listen = (warning: Error): void => void warnings.push(warning.message);
    process.on("warning", listen);
    onTestFinished(() => void process.off("warning", listen));
    process.env["ANYTOPIC_DASHBOARD"] = "nonsense secret";
    onTestFinished(() => void delete process.env["ANYTOPIC_DASHBOARD"]);
    const sender = sendToDashboard({ service: "a" });
    sender.observe(published("1"));
    await sender.close();
    await expect.poll(() => warnings.join()).toMatch(/ANYTOPIC_DASHBOARD must be a URL .* Nothing is sent/);
    expect(warnings.join()).not.toContain("secret");
  });

  test("does nothing without a dashboard", async () => {
    const sender = sendToDashboard({ service: "a" });
    sender.observe(published("1"));
    await expect(sender.close()).resolves.toBeUndefined();
  });
});
