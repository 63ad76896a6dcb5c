import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { PubSubEvent } from "@anytopic/core";
import { describe, expect, onTestFinished, test } from "vitest";

import type { SeenEvent } from "../src/api/event-batch.ts";
import type { ServiceSeen } from "../src/api/services.ts";
import { type Dashboard, dashboard, dashboardEvents, sendToDashboard } from "../src/index.ts";
import { readEvents } from "./event-reader.ts";
import { serve } from "./page.ts";

const token = "a-token-of-the-test";

function open(): Dashboard {
  const handle = dashboard({
    pubsub: () => Promise.reject(new Error("not needed")),
    declarations: [],
    authorize: () => ({ user: "test" }),
    ingest: { token },
  });
  onTestFinished(() => handle.close());
  return handle;
}

async function servicesOf(handle: Dashboard): Promise<readonly ServiceSeen[]> {
  const response = await handle(new Request("http://127.0.0.1/api/services"));
  return ((await response.json()) as { services: ServiceSeen[] }).services;
}

async function eventsOf(handle: Dashboard): Promise<readonly SeenEvent[]> {
  const seen = readEvents(await handle(new Request("http://127.0.0.1/api/events")));
  await expect.poll(() => seen.batches.length).toBeGreaterThan(0);
  await seen.stop();
  return seen.events;
}

function published(id: string): PubSubEvent {
  return { type: "published", topic: "signups", id, atMs: 1, durationMs: 2 };
}

const report = { service: "orders", sender: "0123456789abcdef", first: 0, events: [published("1"), published("2")] };

async function send(handle: Dashboard, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return await handle(
    new Request("http://127.0.0.1/api/ingest", {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    }),
  );
}

describe("what is taken", () => {
  test("a report counts once, also when its end comes again with more", async () => {
    const handle = open();
    expect(await (await send(handle, report)).json()).toEqual({ added: 2 });
    expect(await (await send(handle, report)).json()).toEqual({ added: 0 });
    const more = { ...report, first: 1, events: [published("2"), published("3")] };
    expect(await (await send(handle, more)).json()).toEqual({ added: 1 });
    const events = await eventsOf(handle);
    expect(events.map(({ id, service }) => `${service} ${id}`)).toEqual(["orders 1", "orders 2", "orders 3"]);
  });

  test("what a service had to drop is counted", async () => {
    const handle = open();
    await send(handle, report);
    await send(handle, { ...report, first: 12 });
    expect(await servicesOf(handle)).toMatchObject([{ service: "orders", dropped: 10 }]);
  });

  test("an event has only what is known, and its service is that of the report", async () => {
    const handle = open();
    const event = { ...published("1"), body: "secret", service: "somebody else", ["__proto__"]: { x: 1 } };
    await send(handle, { ...report, events: [event] });
    expect(await eventsOf(handle)).toEqual([{ ...published("1"), service: "orders", position: 0 }]);
  });

  test.each<[string, unknown]>([
    ["the body is not JSON", "{"],
    ["the body must be a JSON object", "[]"],
    ["service must be a text of 1 to 63", { ...report, service: "" }],
    ["service must be a text of 1 to 63", { ...report, service: "a\u202eb" }],
    ["sender must be 16 hexadecimal digits", { ...report, sender: "x" }],
    ["first must be a whole number", { ...report, first: -1 }],
    [
      "events must be a list of at most 2000",
      { ...report, events: Array.from({ length: 2001 }, () => published("1")) },
    ],
    ["events[1] must be an object", { ...report, events: [published("1"), "x"] }],
    ["events[0].type is not a type", { ...report, events: [{ ...published("1"), type: "toString" }] }],
    ["events[0].atMs must be a time", { ...report, events: [{ ...published("1"), atMs: 1e300 }] }],
    ["events[0].id must be a text of at most 300", { ...report, events: [published("x".repeat(301))] }],
    ["events[0].durationMs must be a number from 0", { ...report, events: [{ ...published("1"), durationMs: "1" }] }],
    ["events[0].error must be an object", { ...report, events: [{ ...published("1"), error: "text" }] }],
  ])("refused: %s", async (words, body) => {
    const handle = open();
    const response = await send(handle, body);
    expect(response.status).toBe(400);
    expect(JSON.stringify(await response.json())).toContain(words);
    expect(await eventsOf(handle)).toEqual([]);
  });

  test("refused: a wrong token, a form of another page, and what is too large", async () => {
    const handle = open();
    expect((await send(handle, report, { authorization: "Bearer wrong" })).status).toBe(401);
    expect((await send(handle, report, { authorization: "" })).status).toBe(401);
    expect((await send(handle, report, { "content-type": "text/plain" })).status).toBe(415);
    expect((await send(handle, " ".repeat(1024 * 1024 + 1))).status).toBe(413);
    expect(await eventsOf(handle)).toEqual([]);
  });

  test("nobody may report to a dashboard without a token", async () => {
    const handle = dashboard({
      pubsub: async () => await Promise.reject(new Error("no")),
      declarations: [],
      authorize: () => ({ user: "x" }),
    });
    expect((await send(handle, report)).status).toBe(404);
  });
});

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

describe("three services in processes of their own", () => {
  test(
    "are seen; one is killed; the dashboard is started again and sees those that live",
    { timeout: 120_000 },
    async () => {
      const first = open();
      const served = await serve(first);
      const port = Number(new URL(served.url).port);
      const children = ["orders", "mails", "stock"].map((name) => start(name, `${served.url}/#${token}`));
      await expect
        // Three processes start, on a machine that may be busy.
        .poll(async () => (await servicesOf(first)).map(({ service }) => String(service)).toSorted(), {
          timeout: 60_000,
        })
        .toEqual(["mails", "orders", "stock"]);
      await expect
        .poll(async () => (await servicesOf(first)).map(({ publishes, handles }) => [publishes, handles]))
        .toEqual(expect.arrayContaining([[["topic-of-orders"], ["topic-of-orders/all"]]]));
      children[0]?.kill("SIGKILL");
      await first.close();
      await served.close();

      const second = open();
      const again = await serve(second, port);
      onTestFinished(() => again.close());
      await expect
        .poll(async () => (await servicesOf(second)).map(({ service }) => String(service)).toSorted(), {
          timeout: 40_000,
        })
        .toEqual(["mails", "stock"]);
      expect((await servicesOf(second)).every(({ dropped }) => dropped === 0)).toBe(true);
    },
  );

  test("a service ends when its work is done, though the dashboard never answers", { timeout: 60_000 }, async () => {
    let knocks = 0;
    const silent = createTcpServer(() => (knocks += 1)).listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const child = start("job", `http://127.0.0.1:${port}/#${token}`);
    let said = "";
    child.stdout?.on("data", (part: Buffer) => (said += part.toString()));
    await expect.poll(() => knocks, { timeout: 40_000 }).toBeGreaterThan(0);
    // A report is under way.
    child.stdin?.end();
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(0);
    expect(said).toContain("closed");
    // What would have kept the process alive, and timers that would.
    expect(said).not.toMatch(/TCP|Timeout/);
  });

  test(
    "a flood of 5,000 events a second arrives whole, and a page that looks on keeps up",
    { timeout: 120_000 },
    async () => {
      const events = dashboardEvents({ capacity: 100_000 });
      const handle = dashboard({
        pubsub: () => Promise.reject(new Error("no")),
        declarations: [],
        authorize: () => ({ user: "x" }),
        ingest: { token },
        events,
      });
      onTestFinished(() => handle.close());
      const served = await serve(handle);
      onTestFinished(() => served.close());
      await using seen = readEvents(await fetch(`${served.url}/api/events?types=ack`));
      // Each message is four events: publish, published, deliver, ack.
      const child = start("flood", `${served.url}/#${token}`, "1250");
      const since = performance.now();
      const before = process.cpuUsage();
      await expect.poll(() => seen.events.length, { timeout: 60_000 }).toBeGreaterThan(6250);
      const seconds = (performance.now() - since) / 1000;
      const { user, system } = process.cpuUsage(before);
      child.stdin?.end();
      await once(child, "exit");
      const [flood] = await servicesOf(handle);
      expect(flood).toMatchObject({ service: "flood", dropped: 0 });
      expect(seen.batches.every(({ missed }) => missed === 0)).toBe(true);
      const total = seen.events.length * 4;
      process.stdout.write(
        `flood: ${Math.round(total / seconds)} events/s; ${((user + system) / total).toFixed(1)} µs of CPU for each here\n`,
      );
    },
  );
});

function start(name: string, url: string, perSecond = "20"): ChildProcess {
  const path = fileURLToPath(new URL("fixtures/service.ts", import.meta.url));
  const child = spawn(process.execPath, [path, name, perSecond], {
    env: { ...process.env, ANYTOPIC_DASHBOARD: url },
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}
