import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { connect, type Health, healthHandler, PubSubError, type PubSub } from "@anytopic/core";
import { expect, onTestFinished, test } from "vitest";
import { opened, Sub } from "./opened-worker.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";

interface Answer {
  readonly ok: boolean;
  readonly reasons: readonly string[];
  readonly health: Health;
}

/** A real server with the handler, as the guide shows it. Returns its URL. */
async function serve(pubsub: PubSub, options?: Parameters<typeof healthHandler>[1]): Promise<string> {
  const handler = healthHandler(pubsub, options);
  const server: Server = createServer((request, response) => {
    const { status, headers, body } = handler({ url: request.url ?? "/", method: request.method ?? "GET" });
    response.writeHead(status, Object.fromEntries(headers));
    void new Response(body).text().then((text) => response.end(text));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const read = async (url: string): Promise<readonly [number, Answer]> => {
  const response = await fetch(url);
  return [response.status, (await response.json()) as Answer];
};

test("a healthy process is alive and ready, under any prefix", async () => {
  const pubsub = await connect("memory:");
  onTestFinished(() => pubsub.close());
  const url = await serve(pubsub);
  for (const path of ["/livez", "/readyz", "/internal/health/livez", "/readyz/", "/readyz?verbose"]) {
    const [status, { ok, reasons, health }] = await read(url + path);
    expect([path, status, ok, reasons, health.status]).toEqual([path, 200, true, [], "up"]);
  }
  const head = await fetch(`${url}/livez`, { method: "HEAD" });
  expect([head.status, await head.text(), head.headers.get("cache-control")]).toEqual([200, "", "no-store"]);
  const others = [["/"], ["/livezz"], ["/healthz"], ["/livez/x"], ["/livez", "POST"], ["/readyz", "DELETE"]] as const;
  for (const [path, method = "GET"] of others) expect((await fetch(url + path, { method })).status).toBe(404);
});

test("a broker that is away does not fail liveness, and fails readiness only when nothing works", async () => {
  const { adapter, pubsub } = await opened(Sub, () => {});
  const url = await serve(pubsub);
  adapter.overdueMs = 3_600_000;
  adapter.sink.failing(new PubSubError("UNAVAILABLE", "10.0.0.7 does not answer"));
  for (const state of ["reconnecting", "degraded"] as const) {
    adapter.context.status(state, new PubSubError("UNAVAILABLE", "10.0.0.7 does not answer"));
    expect((await read(`${url}/livez`))[0]).toBe(200);
    expect((await read(`${url}/readyz`))[0]).toBe(200);
  }
  adapter.context.status("down", new PubSubError("UNAUTHENTICATED", "the password of 10.0.0.7 is wrong"));
  expect((await read(`${url}/livez`))[0]).toBe(200);
  const [status, { reasons, health }] = await read(`${url}/readyz`);
  expect([status, reasons]).toEqual([503, ["every connection is down"]]);
  expect(health).toMatchObject({
    error: { code: "UNAUTHENTICATED" },
    connections: [{ error: { code: "UNAUTHENTICATED" } }],
    subscriptions: [{ state: "failing", error: { code: "UNAVAILABLE" } }],
  });
  expect(JSON.stringify(health)).not.toContain("10.0.0.7");
  const [, shown] = await read(`${await serve(pubsub, { errorMessages: true })}/readyz`);
  expect(shown.health.error?.message).toMatch(/^the password of 10\.0\.0\.7 is wrong\. See /);
});

test("a worker that is stuck fails liveness", async () => {
  const { adapter, pubsub } = await opened(Sub, () => {});
  const url = await serve(pubsub);
  adapter.overdueMs = 60_001;
  const [status, { ok, reasons }] = await read(`${url}/livez`);
  expect([status, ok, reasons]).toEqual([503, false, ["subscription events/sub: its receive loop has stopped"]]);
  expect((await read(`${url}/readyz`))[0]).toBe(200);
});

test("a process that is about to end is alive and not ready", async () => {
  const pubsub = await connect(new ScriptedAdapter());
  const url = await serve(pubsub);
  pubsub.announceClose();
  expect(pubsub.health()).toMatchObject({ closing: true, status: "up" });
  expect((await read(`${url}/readyz`))[1].reasons).toEqual(["the process is about to end"]);
  expect((await read(`${url}/livez`))[0]).toBe(200);
  await pubsub.close();
  expect((await read(`${url}/readyz`))[0]).toBe(503);
  expect((await read(`${url}/livez`))[0]).toBe(200);
});

test("an event loop that was blocked too long fails liveness for as long again", async () => {
  const child = fork(`${import.meta.dirname}/blocked-process.ts`, ["1000"]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const [[first, later]] = (await once(child, "message")) as [readonly [Answer, number]];
  expect(first.reasons).toEqual([expect.stringMatching(/^the event loop was blocked for [12]\d{3} ms$/)]);
  expect(later).toBe(200);
  // The timer keeps nothing alive.
  await once(child, "exit");
}, 30_000);

test("options are checked", async () => {
  const pubsub = await connect("memory:");
  onTestFinished(() => pubsub.close());
  expect(() => healthHandler(pubsub, { maxBlockMs: 10 })).toThrow(/maxBlockMs is 10: must be a whole number from 1000/);
  expect(() => healthHandler(pubsub, { errorMessages: "yes" } as never)).toThrow(/errorMessages is 'yes'/);
  expect(() => healthHandler(pubsub, { path: "/" } as never)).toThrow(/has no option "path"/);
});
